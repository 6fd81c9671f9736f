# ruff: noqa: E501 - one line per thing said, so that the script can be read down the page
"""What happened at the council's account on X, and what happens while somebody practises: the storm of the other places,
in its loudest one."""

from __future__ import annotations

from inbox.practice.x.scene import US, Changed, Posted, Scene, Script, Withdrawn

# fmt: off
PAST: tuple[Scene, ...] = (
    Posted("p1", US, "9d 08:20", "Harbour Bridge: closed from 9pm to 5am for six weeks, Sunday to Thursday. Ambulances can always cross. https://harbour.example/bridge #bridge"),
    Posted("p2", US, "6d 09:05", "Warm rooms are open in all libraries and eleven church halls. Nobody asks why you came."),
    Posted("a1", "rina", "6d 10:40", "@us মসজিদেও কি গরম ঘর আছে?", to="p2", mood="asks", language="bn"),
    Posted("a1r", US, "6d 11:20", "হ্যাঁ, স্টেশন রোডে।", to="a1", language="bn"),
    Posted("a2", "olwen", "6d 12:00", "Soup too, and it is good soup.", to="p2", mood="thanks"),
    Posted("a3", "ratepayer", "5d 19:10", "Six weeks for BEARINGS. @us could not run a bath.", quote="p1", mood="complains"),
    Posted("a4", "emre", "5d 21:45", "@us which stop does the 11 turn at tonight?", to="p1", mood="asks", then="Caught it. Thanks."),
    Posted("a4r", US, "5d 22:05", "Custom House, all night.", to="a4"),
    Posted("a5", "tomasz", "5d 07:30", "@us third Wednesday, no lorry in Ropewalk #bins", mood="complains", then="They came. It took four messages, but they came.", picture="Six full bins on a pavement"),
    Posted("a6", "nils", "5d 08:02", "same at 14", to="a5"),
    Posted("a7", "reporter", "4d 14:45", "@us for the Echo: how many answers to the budget so far, and how many on paper? I print at six.", mood="asks", then="Got it in time. Thank you."),
    Posted("d1", "dolly", "4d 16:20", "My neighbour has no heating and is too proud to ring. What can I do?", direct=True, mood="asks", then="She had tea with your colleague. Bless you all."),
    Posted("a8", "crypto", "4d 03:10", "@us Grow your city budget 400%!!! https://coins.example/win", mood="spam"),
    Posted("a9", "jan", "3d 13:00", "@us kan mijn moeder (81) de begroting op papier krijgen?", mood="asks", language="nl"),
    Posted("a10", "haruka", "3d 17:30", "Found a child’s red boot at the slipway. @us where do I bring it?", mood="asks", picture="A small red rubber boot on wet stone"),
    Posted("a10r", US, "3d 17:50", "To the front desk, please. Somebody will be very glad.", to="a10"),
    Posted("p3", US, "2d 08:10", "The Saturday market moves to Anchor Square. Same traders, same hours, level ground, and a toilet that opens at six. #market"),
    Posted("a11", "bilal", "2d 09:00", "@us کیا وہیل چیئر کے لیے پارکنگ ہوگی؟", to="p3", mood="asks", language="ur"),
    Posted("a12", "margaret", "2d 10:15", "Six! At last.", to="p3", mood="thanks"),
    Posted("a13", "callum", "1d 18:20", "Is the quay floodlit now? Nobody at the Town Hall knows.", to="p3", mood="asks"),
    Posted("d2", "hodan", "1d 09:12", "Waxaan u baahanahay caawimaad foomka. Yaa ku hadla Soomaali?", direct=True, mood="asks", language="so"),
    Posted("a14", "skipper", "10h", "@us tell the boats too. Channel 12, not a website.", to="p1", mood="chats"),
)

LIVE: tuple[Scene, ...] = (
    Posted("b1", "amara", 4, "@us is the foyer desk open today although it is a holiday?", mood="asks"),
    Posted("b2", "joao", 14, "@us O formulário pede o “número de habitação”. Onde está?", mood="asks", language="pt"),
    Posted("b3", "pills", 22, "@us Discount market!!! https://pills.spam.example/2", mood="spam"),
    Posted("b4", "siobhan", 31, "@us my bin is on number 20’s roof. Do I ring you or number 20?", mood="asks"),
    Posted("b5", US, 58, "Amber warning: wind and a high tide from 6pm. Bring in what can fly. https://harbour.example/storm #storm"),
    Posted("b6", "margaret", 66, "where do I get sandbags if I cannot lift them?", to="b5", mood="asks", then="Two young men have just brought six."),
    Posted("b7", "ana", 70, "@us are the schools open tomorrow?", to="b5", mood="asks"),
    Posted("d3", "priya", 83, "I am a nurse, my shift starts at eight. Can the minibus take me across?", direct=True, mood="asks", then="On it now. Thank you, thank you."),
    Posted("b8", "emre", 92, "@us Köprü şimdi kapalı mı?", to="b5", mood="asks", language="tr"),
    Posted("b9", US, 105, "Harbour Bridge is closed to all traffic from 6.15pm. Emergency services can cross. #bridge"),
    Posted("b10", "ratepayer", 109, "They closed it because it is FALLING DOWN. There is a crack. @us has known for months.", quote="b9", mood="complains"),
    Posted("b11", "derek", 112, "Heard the same in the Anchor. East pier. @us", to="b10"),
    Posted("b12", "callum", 115, "@us is that true?? My kids walk under there.", to="b10", mood="asks"),
    Posted("b13", "kwame", 117, "is it true?", to="b9", mood="asks"),
    Posted("b14", "ngozi", 121, "@us I am a structural engineer and I read your report: the crack is in the render, not in the pier. Say so, and show the page.", to="b10", mood="chats"),
    Posted("b15", "reporter", 126, "@us is the Echo right that the east pier is cracked? Yes or no before six, please.", mood="asks", then="Thank you. We print your answer in full."),
    Changed("b12", 130, "@us is that true? My kids walk under there every day."),
    Withdrawn("b11", 138),
    Posted("b16", "leila", 146, "هل الملجأ في القاعة مفتوح الليلة للنساء وحدهن؟", direct=True, mood="asks", language="ar"),
    Posted("b17", "skipper", 158, "@us south-west nine. The gauge at the lock says 4.1 and rising.", to="b9"),
    Posted("b18", "tane", 170, "@us our marae has room for forty and soup for a hundred. Send whoever needs it.", mood="chats"),
    Posted("b19", "lucia", 182, "@us ¿A qué número llamo si se va la luz? Mi padre tiene oxígeno en casa.", mood="asks", then="Ya llamaron ellos. Gracias de corazón.", language="es"),
    Posted("b20", "foi", 200, "@us under FOI: every inspection report of the east pier since 2015, please.", mood="asks"),
    Posted("b21", "ahmed", 226, "@us Gritters at 5 < 6 & well done!", mood="thanks"),
    Posted("b22", "olwen", 290, "Lock Street is dry. @us credit where it is due.", mood="thanks", picture="A dry street at night, sandbags along every door"),
    Posted("b23", "fatou", 340, "@us est-ce que la salle reste ouverte toute la nuit ?", mood="asks", language="fr"),
    Posted("b24", "siobhan", 450, "@us the tree on Custom House Steps is down, nobody hurt, it blocks the ramp.", mood="complains", then="Gone already. I am impressed and I do not say that often."),
    Posted("b25", "farah", 520, "@us ممنون از همه. همسایه‌ها خیلی کمک کردند.", mood="thanks", language="fa"),
)

HARBOUR_ON_X = Script(past=PAST, live=LIVE)
