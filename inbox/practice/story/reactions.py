"""What people say when we answer them: by mood, in their own language. Chosen by the seed, never twice the same way."""

from __future__ import annotations

THANKS: dict[str, tuple[str, ...]] = {
    "en": (
        "Thank you, that is exactly what I needed to know.",
        "Thanks for coming back to me so quickly 🙏",
        "Brilliant, thank you. I’ll pass it on to my neighbours.",
        "Much appreciated. It makes a difference when somebody actually answers.",
    ),
    "pl": ("Dziękuję bardzo za odpowiedź!", "Super, wszystko jasne. Dziękuję."),
    "ar": ("شكرًا جزيلًا على الرد السريع.", "شكرًا، الآن فهمت."),
    "he": ("תודה רבה על התשובה!", "מעולה, תודה."),
    "fa": ("خیلی ممنون از پاسخ شما.", "سپاسگزارم، کاملاً روشن شد."),
    "ur": ("جواب دینے کا بہت شکریہ۔",),
    "uk": ("Щиро дякую за відповідь!", "Дякую, тепер усе зрозуміло 💛💙"),
    "zh": ("谢谢您的回复！", "明白了，非常感谢。"),
    "cy": ("Diolch yn fawr am ateb mor gyflym!",),
    "pt": ("Muito obrigado pela resposta!",),
    "es": ("¡Muchas gracias por la respuesta!",),
    "fr": ("Merci beaucoup pour votre réponse !", "Parfait, merci."),
    "ro": ("Mulțumesc mult pentru răspuns!",),
    "tr": ("Hızlı cevabınız için teşekkürler!",),
    "so": ("Aad baad u mahadsan tihiin!",),
    "bn": ("উত্তর দেওয়ার জন্য অনেক ধন্যবাদ।",),
    "hi": ("जवाब के लिए बहुत धन्यवाद।",),
}

FOLLOW_UP: tuple[str, ...] = (
    "Thank you. One more thing: where can I find this in writing?",
    "Thanks. And who do I ring if it does not happen as you say?",
    "OK, but by when? A date would help us plan.",
    "Does that also go for people who rent?",
    "Thanks for answering. Could you put it on the website too? My mother does not read comments.",
)

CALMER: tuple[str, ...] = (
    "Fair enough. Thank you for explaining instead of sending a standard letter.",
    "I still think it was badly done, but thank you for answering.",
    "All right. I’ll wait until Friday and then I’ll be back.",
    "Thanks. Sorry if I sounded sharp, it has been a long week.",
)

STILL_CROSS: tuple[str, ...] = (
    "That does not answer what I asked. Who decided this?",
    "With respect, we were told the same thing last year.",
    "Then please give me the name of somebody I can speak to.",
)

UNDER_OUR_POST: tuple[str, ...] = (
    "Thanks for letting us know.",
    "Will this be sent by post as well? Not everybody is online.",
    "Good news, for once 👏",
    "Is there a number to ring about this?",
    "Could you say this in plain English please?",
    "When does this start?",
)
