"""What is peculiar to feeds: careless documents, conditional polling, moved addresses, the window that moves on.

``recordings/feed/wordpress-comments.rss`` was captured from WordPress 6.1.9 (host renamed, the cut-off end closed); the
others were written after the specifications, one situation each.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from inbox.connectors.connector import START
from inbox.connectors.feed import Feed
from inbox.connectors.feed.cursor import MOST_ENTRIES, MOST_OLDER, remembered
from inbox.connectors.feed.document import Document, Entry, read
from inbox.errors import BadReply, CursorExpired, NotFound, Offline, RateLimited, Unavailable
from inbox.model import Attachment, Author, Batch, Cursor, Message, MessageKind, SignIn
from tests.connectors.harness import KeptSecret, SetClock, account_of, channel_of, room
from tests.connectors.harnesses.feed import ADDRESS, FeedHarness, Said

RECORDINGS = Path(__file__).parent / "recordings" / "feed"
BASE = "https://harbour.example/news/feed"


def recorded(name: str, content_type: str = "application/xml") -> Document:
    return read((RECORDINGS / name).read_bytes(), content_type, BASE)


def rss(*items: str, head: str = "<title>City</title>") -> bytes:
    return f'<rss version="2.0"><channel>{head}{"".join(items)}</channel></rss>'.encode()


def item(name: str, extra: str = "") -> str:
    return f'<item><title>{name}</title><guid isPermaLink="false">{name}</guid>{extra}</item>'


# --- the document ---


def test_rss_in_all_its_parts() -> None:
    feed = recorded("council.rss")
    assert (feed.title, feed.url) == ("Parks & Roads | City of Harbour", "https://harbour.example/news/")
    first = feed.entries[0]
    assert first.identity == "harbour-901"
    assert first.title == "Q&A: what the new bridge costs"
    assert first.text == "It costs 4\xa0million.\n\nSee the paper and [the bridge]"
    assert "<script>" in first.html, "cleaning is the window's, each time it shows it"
    assert 'href="https://harbour.example/papers/901.pdf"' in first.html
    assert 'src="https://harbour.example/news/img/b.jpg"' in first.html
    assert first.url == "https://harbour.example/news/bridge?from=feed"
    assert first.author == Author(name="Ahmed Saleh")
    assert first.published_at == datetime(2026, 11, 23, 7, 15, tzinfo=UTC)
    assert first.language == "en-GB"
    assert first.attachments == (
        Attachment(url="https://harbour.example/papers/901.mp3", kind="audio", size_bytes=120_034),
        Attachment(url="https://cdn.harbour.example/b.jpg?sig=abc", kind="image", size_bytes=5_512),
    )
    assert first.raw.startswith(b"<item>\n  <title>Q&amp;amp;A")
    assert first.raw.endswith(b"</item>")


def test_rss_that_says_less() -> None:
    _, plain, undated, numbered = recorded("council.rss").entries
    assert (plain.title, plain.html) == ("Road closed: 3 < 4 lanes", "")
    assert plain.text == "Only 3 < 4 lanes are open.\nDrive slowly."
    assert plain.author == Author(name="Jo Doe")
    assert undated.identity == undated.url == "https://harbour.example/news/undated"
    assert undated.text == "• One\n• Two"
    assert undated.author == Author(name="Press office")
    assert undated.published_at is None
    assert (numbered.identity, numbered.url) == ("17", ""), "neither a number nor a script is an address"
    assert numbered.published_at is None


def test_a_guid_that_only_claims_to_be_an_address_is_not_opened() -> None:
    (entry,) = read(rss("<item><title>x</title><guid>17</guid></item>"), "", BASE).entries
    assert (entry.identity, entry.url) == ("17", "")


def test_atom_with_its_own_base_and_markup() -> None:
    feed = recorded("museum.atom")
    assert feed.title == "Museum <am> Hafen"
    night, early = feed.entries
    assert night.title == "Nacht der Museen & Archive"
    assert night.text == "Ab 18 Uhr, Karte"
    assert 'href="https://museum.example/blog/karte"' in night.html
    assert night.url == "https://museum.example/blog/2026/nacht"
    assert night.author == Author(name="Zoë Müller", url="https://museum.example/zoe")
    assert night.published_at == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert night.updated_at == datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert night.attachments[0].kind == "file"
    assert night.language == "de"
    assert early.title == "1 < 2 &amp; 3", "type=text is text, to the letter"
    assert (early.text, early.html) == ("Tags wie <b> bleiben.", "")
    assert early.author == Author(name="Museum")


def test_rdf_in_an_old_charset() -> None:
    (entry,) = recorded("library.rdf").entries
    assert entry.title == "Été à la bibliothèque"
    assert entry.identity == "https://library.example/1"
    assert "Été".encode() in entry.raw, "kept in one charset, so that it can be read again"


def test_json_feed() -> None:
    feed = recorded("harbour.json")
    assert feed.title == "Harbour news"
    ferry, summary, broken, number, empty = feed.entries
    assert ferry.text == "Ferry & bus: times"
    assert "href='https://harbour.example/news/times'" in ferry.html
    assert ferry.url == "https://harbour.example/b"
    assert [a.kind for a in ferry.attachments] == ["image", "file"]
    assert ferry.attachments[1].description == "The timetable"
    assert ferry.author == Author(name="Ann", url="https://harbour.example/ann")
    assert (summary.identity, summary.text) == ("12", "Only a summary")
    assert summary.published_at == datetime(2026, 11, 22, tzinfo=UTC)
    assert summary.author == Author(name="Harbour office")
    assert broken.text == "Half an emoji �, and no date"
    broken.text.encode()  # no half surrogate is left that SQLite would refuse
    assert broken.published_at is None
    assert not number.readable
    assert not empty.readable
    assert number.raw == b"17"


def test_bare_ampersands_and_html_names() -> None:
    feed = recorded("careless.rss")
    assert feed.title == "AT&T & sons"
    fish, bell = feed.entries
    assert fish.title == "Fish & chips at AT&T é ©"
    assert fish.text == "Salt & vinegar"
    assert fish.url == "https://careless.example/?a=1&b=2"
    assert bell.title == "Bell rings"


def test_what_nobody_has_heard_of_is_kept_raw() -> None:
    hologram, plain, empty = recorded("unknown.rss").entries
    assert not hologram.readable
    assert b'<h:hologram depth="3"/>' in hologram.raw
    assert plain.title == "Plain"
    assert empty.raw == b"<item/>"


def test_a_recording_of_wordpress() -> None:
    feed = recorded("wordpress-comments.rss", "application/rss+xml; charset=UTF-8")
    assert [entry.author for entry in feed.entries[1:]] == [
        Author(name="Communications Officer"),
        Author(name="A WordPress Commenter"),
    ]
    assert feed.entries[2].identity == "http://blog.example/?p=1#comment-1"
    assert feed.entries[2].url == "http://blog.example/2026/11/hello-world/#comment-1"


@pytest.mark.parametrize(
    "name", ["council.rss", "museum.atom", "library.rdf", "harbour.json", "wordpress-comments.rss"]
)
def test_a_guid_does_not_depend_on_where_the_feed_lies(name: str) -> None:
    body = (RECORDINGS / name).read_bytes()
    here, there = (read(body, "", url) for url in (BASE, "https://elsewhere.example/x/rss.xml"))
    assert [entry.identity for entry in here.entries] == [entry.identity for entry in there.entries]


XML = '<?xml version="1.0" encoding="{}"?><rss version="2.0"><channel><title>Été “œuf”</title></channel></rss>'


@pytest.mark.parametrize(
    ("content_type", "declared", "really"),
    [
        ("application/xml; charset=utf-8", "utf-8", "cp1252"),
        ("text/xml; charset=iso-8859-1", "utf-8", "utf-8"),
        ("text/xml; charset=nonsense", "nonsense", "utf-8"),
        ("text/html", "utf-8", "utf-8-sig"),
        ("", "utf-16", "utf-16"),
        ("application/rss+xml", "windows-1252", "cp1252"),
        ("text/plain; charset=us-ascii", "utf-8", "utf-8"),
        ("text/plain", "", "utf-8"),
        ("text/xml", "", "utf-8"),
    ],
)
def test_charsets_that_lie(content_type: str, declared: str, really: str) -> None:
    if (declared, content_type[:8]) == ("utf-8", "text/xml"):
        # The header says Latin-1 and wins (RFC 7303); only letters that both have can be told apart by the library.
        body = XML.format(declared).replace("“œuf”", "").encode(really)
        assert read(body, content_type, BASE).title == "Été"
        return
    body = XML.format(declared) if declared else XML.partition("?>")[2]
    assert read(body.encode(really), content_type, BASE).title == "Été “œuf”"


def test_a_packed_file_is_unpacked_and_a_bomb_is_not() -> None:
    assert read(gzip.compress(rss(item("a"))), "application/gzip", BASE).entries[0].title == "a"
    with pytest.raises(BadReply, match="larger"):
        read(gzip.compress(b" " * 60_000_000), "application/gzip", BASE)
    with pytest.raises(BadReply, match="unpacked"):
        read(gzip.compress(rss(item("a")))[:12] + b"xx", "application/gzip", BASE)


JUNK = {
    "page": (RECORDINGS / "page.html").read_bytes(),
    "empty": b"",
    "blanks": b"\xef\xbb\xbf \r\n\t",
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20,
    "words": b"The service is temporarily unavailable",
    "other json": b'{"version": 2, "items": []}',
    "json without items": b'{"version": "https://jsonfeed.org/version/1.1"}',
    "half json": b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "a"}',
    "deep json": b'{"a":' * 100_000,
    "half rss": rss(item("a"), item("b"))[:-40],
    "half atom": (RECORDINGS / "museum.atom").read_bytes()[:900],
    "other xml": b'<?xml version="1.0"?><note><item>x</item></note>',
}


@pytest.mark.parametrize("name", JUNK)
def test_junk_is_a_bad_reply(name: str) -> None:
    with pytest.raises(BadReply):
        read(JUNK[name], "text/html; charset=utf-8", BASE)


def test_a_body_is_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_bytes(rss(item("secret")))
    with pytest.raises(BadReply):
        read(str(file).encode(), "application/rss+xml", BASE)


def declaring(entities: str, use: str) -> bytes:
    return f"<?xml version='1.0'?><!DOCTYPE r [{entities}]>".encode() + rss(f"<item><title>{use}</title></item>")


def test_external_entities_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "private.txt"
    file.write_text("private words")
    for kind in ("SYSTEM", 'PUBLIC "x"'):
        feed = read(declaring(f'<!ENTITY x {kind} "{file.as_uri()}">', "a&x;b"), "", BASE)
        assert "private" not in feed.entries[0].title
    loaded = declaring(f'<!ENTITY % p SYSTEM "{file.as_uri()}"> %p;', "a")
    assert read(loaded, "", BASE).entries[0].title == "a"


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "entities",
    [
        f'<!ENTITY l0 "lol">{LAUGHS}',
        f'<!ENTITY l9 "{"A" * 50_000}">',
        "<!ENTITY % l9 '&#60;!ENTITY x \"&#37;l9;\">'> %l9;",
        '<!ENTITY % a "b%c;"> %a;',
        "<!ENTITY l9 'unclosed",
    ],
    ids=["laughs", "blow-up", "parameter", "nested parameter", "unclosed"],
)
def test_entities_that_grow_are_refused_at_once(entities: str) -> None:
    began = time.process_time()
    with pytest.raises(BadReply, match="entities"):
        read(declaring(entities, "&l9;" * 1_000), "", BASE)
    assert time.process_time() - began < 0.5
    hidden = declaring(entities, "&l9;" * 1_000).replace(b"<!DOCTYPE", b"<!-- <rss> --><?x?>\n<!DOCTYPE", 1)
    for disguised in (hidden, hidden.decode().encode("utf-16"), b"\xef\xbb\xbf" + hidden):
        with pytest.raises(BadReply, match="entities"):
            read(disguised, "", BASE)


def test_an_article_about_such_entities_may_be_read() -> None:
    quoted = f"<description><![CDATA[<!DOCTYPE r [{LAUGHS}]>]]></description>"
    assert "ENTITY" in read(rss(item("a", quoted)), "", BASE).entries[0].html


def test_entities_that_stand_for_a_character_are_welcome() -> None:
    honest = '<!ENTITY nbsp "&#160;"> <!ENTITY euro \'€\'> <!ENTITY co "City of Harbour">'
    assert read(declaring(honest, "1&nbsp;&euro; to &co;"), "", BASE).entries[0].title == "1 € to City of Harbour"


@pytest.mark.parametrize(
    "body",
    [
        rss("<item>" * 10_000),
        rss("<item><title>" + "<" * 50_000),
        rss("<item><title>" + "&" * 50_000),
        rss("<item><title>" + "<![CDATA[" * 50_000),
        rss("<!--" * 100_000),
    ],
    ids=["items", "angles", "ampersands", "cdata", "comments"],
)
def test_malice_costs_little_and_yields_little(body: bytes) -> None:
    began = time.process_time()
    try:
        words = sum(len(entry.title) + len(entry.text) for entry in read(body, "", BASE).entries)
    except BadReply:
        words = 0
    assert words <= 2 * len(body)
    assert time.process_time() - began < 10, "linear work takes a second or two on a slow machine"


def test_an_entry_beyond_all_measure_is_cut() -> None:
    (entry,) = read(
        rss(item("long", f"<description>&lt;p&gt;{'word ' * 200_000}&lt;/p&gt;</description>")), "", BASE
    ).entries
    assert entry.html == ""
    assert entry.text.endswith("…")
    assert len(entry.text) <= 500_002
    assert len(entry.raw) == 500_000


# --- polling ---


class Town:
    """A small web: address -> what it answers; what was asked of it is kept."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.pages: dict[str, httpx.Response | Callable[[httpx.Request], httpx.Response]] = {}
        self.asked: list[httpx.Request] = []
        given = room(httpx.MockTransport(self._answer), self.clock, account_of(Feed, ADDRESS), KeptSecret())
        self.http = given.http
        self.feed = Feed(given)
        self.channel = channel_of(Feed, ADDRESS)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        page = self.pages.get(str(request.url), httpx.Response(404))
        if callable(page):
            return page(request)
        return httpx.Response(page.status_code, headers=page.headers, content=page.content)

    @property
    def addresses(self) -> list[str]:
        return [str(request.url) for request in self.asked]

    def serve(self, *items: str, at: str = ADDRESS, **headers: str) -> None:
        self.pages[at] = httpx.Response(200, headers=headers, content=rss(*items))

    def move(self, source: str, target: str, status: int = 301) -> None:
        self.pages[source] = httpx.Response(status, headers={"Location": target})

    async def poll(self, cursor: Cursor = START) -> Batch:
        self.clock.forward(60)
        self.asked.clear()
        return await self.feed.fetch(self.channel, cursor)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    made = Town()
    yield made
    await made.http.aclose()


def names(batch: Batch) -> list[str]:
    return [message.remote_id for message in batch.messages]


async def test_validators_are_kept_and_sent_back(town: Town) -> None:
    town.serve(item("a"), ETag='W/"1"', **{"Last-Modified": "Mon, 23 Nov 2026 03:29:23 GMT"})
    first = await town.poll()
    assert "if-none-match" not in town.asked[0].headers
    town.pages[ADDRESS] = httpx.Response(304)
    second = await town.poll(first.cursor)
    assert town.asked[0].headers["if-none-match"] == 'W/"1"'
    assert town.asked[0].headers["if-modified-since"] == "Mon, 23 Nov 2026 03:29:23 GMT"
    assert second == Batch(cursor=first.cursor, window_to=town.clock.now())


async def test_another_version_of_the_same_words_moves_no_cursor(town: Town) -> None:
    town.serve(item("a"), ETag='"1"')
    first = await town.poll()
    town.serve(item("a"), ETag='"2"')
    assert await town.poll(first.cursor) == Batch(cursor=first.cursor, window_to=town.clock.now())


async def test_a_304_that_nobody_asked_for_is_a_bad_reply(town: Town) -> None:
    town.pages[ADDRESS] = httpx.Response(304)
    with pytest.raises(BadReply):
        await town.poll()


async def test_a_permanent_move_is_remembered_even_when_nothing_is_new(town: Town) -> None:
    new = "https://new.example/feed"
    town.serve(item("b"), item("a"), ETag='"1"')
    first = await town.poll()
    town.move(ADDRESS, new)
    town.serve(item("b"), item("a"), at=new, ETag='"1"')
    moved = await town.poll(first.cursor)
    assert town.addresses == [ADDRESS, new]
    assert "if-none-match" not in town.asked[1].headers, "only a whole document proves the new address"
    assert names(moved) == ["b"], "the newest once more, so that the cursor may move"
    assert moved.messages[0] == first.messages[-1]
    assert not moved.gap_before
    assert moved.requests == 2
    later = await town.poll(moved.cursor)
    assert town.addresses == [new]
    assert later.messages == ()
    assert later.cursor == moved.cursor


async def test_a_temporary_move_is_followed_and_forgotten(town: Town) -> None:
    town.move(ADDRESS, "https://mirror.example/feed", 302)
    town.serve(item("a"), at="https://mirror.example/feed")
    first = await town.poll()
    assert names(first) == ["a"]
    await town.poll(first.cursor)
    assert town.addresses[0] == ADDRESS


async def test_of_a_chain_only_the_permanent_beginning_is_remembered(town: Town) -> None:
    town.move(ADDRESS, "/moved", 308)
    town.move("https://city.example/moved", "https://mirror.example/feed", 307)
    town.move("https://mirror.example/feed", "https://mirror.example/feed.xml", 301)
    town.serve(item("a"), at="https://mirror.example/feed.xml")
    first = await town.poll()
    await town.poll(first.cursor)
    assert town.addresses[0] == "https://city.example/moved"


async def test_a_move_to_a_page_that_is_no_feed_is_not_believed(town: Town) -> None:
    town.serve(item("a"))
    first = await town.poll()
    town.move(ADDRESS, "https://portal.example/login")
    town.pages["https://portal.example/login"] = httpx.Response(200, html="<title>Log in</title>")
    with pytest.raises(BadReply):
        await town.poll(first.cursor)
    town.serve(item("b"), item("a"))
    assert names(await town.poll(first.cursor)) == ["b"]


@pytest.mark.parametrize("target", ["http://city.example/feed", "ftp://city.example/feed", "javascript:alert(1)"])
async def test_nobody_leads_us_out_of_the_secure_web(town: Town, target: str) -> None:
    town.move(ADDRESS, target)
    with pytest.raises((BadReply, NotFound)):  # httpx itself refuses a Location that is no address
        await town.poll()
    assert town.addresses == [ADDRESS]


async def test_circles_come_to_an_end(town: Town) -> None:
    town.move(ADDRESS, ADDRESS)
    with pytest.raises(BadReply, match="circles"):
        await town.poll()
    assert len(town.asked) == 6


async def test_a_feed_that_is_gone_is_said_to_be(town: Town) -> None:
    town.pages[ADDRESS] = httpx.Response(410)
    with pytest.raises(NotFound):
        await town.poll()


async def test_a_feed_larger_than_any_should_be(town: Town) -> None:
    town.pages[ADDRESS] = httpx.Response(200, content=rss(item("a", " " * 5_100_000)))
    with pytest.raises(Unavailable):
        await town.poll()


async def test_an_error_names_the_host_and_not_the_address(town: Town) -> None:
    secret = f"{ADDRESS}?key=s3cr3t"
    town.pages[secret] = httpx.Response(200, html="<title>Log in</title>")
    for status in (200, 301, 403, 404, 500):
        town.pages[secret] = httpx.Response(status, headers={"Location": secret}, html="<title>Log in</title>")
        with pytest.raises(Exception, match=r"\w") as caught:
            await town.feed.fetch(replace(town.channel, remote_id=secret), START)
        assert "s3cr3t" not in str(caught.value) + repr(vars(caught.value))


# --- the window that moves on ---


async def test_a_gap_is_told_when_nothing_of_the_last_poll_is_left(town: Town) -> None:
    dated = [item(f"n{n}", f"<pubDate>Mon, 23 Nov 2026 {n:02}:00:00 GMT</pubDate>") for n in range(9)]
    town.serve(*dated[2::-1])
    first = await town.poll()
    assert not first.gap_before, "before the first poll nothing was promised"
    town.serve(*dated[4:1:-1])
    second = await town.poll(first.cursor)
    assert not second.gap_before
    town.serve(*dated[8:5:-1])
    third = await town.poll(second.cursor)
    assert third.gap_before
    assert names(third) == ["n6", "n7", "n8"]
    assert third.window_from == datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert third.window_to == town.clock.now()
    assert not (await town.poll(third.cursor)).gap_before


async def test_an_empty_document_forgets_nothing(town: Town) -> None:
    town.serve(item("a"), item("b"))
    first = await town.poll()
    town.serve()
    empty = await town.poll(first.cursor)
    assert (empty.messages, empty.cursor, empty.gap_before) == ((), first.cursor, False)
    town.serve(item("c"))
    assert (await town.poll(empty.cursor)).gap_before


async def test_entries_that_come_back_are_not_new_again(town: Town) -> None:
    town.serve(item("b"), item("a"))
    first = await town.poll()
    town.serve(item("c"), item("b"))
    second = await town.poll(first.cursor)
    town.serve(item("c"), item("b"), item("a"))
    assert (await town.poll(second.cursor)).messages == ()


async def test_the_cursor_stays_within_bounds(town: Town) -> None:
    cursor = START
    for poll in range(6):
        town.serve(*(item(f"p{poll}-{n}") for n in range(100)), item("always"))
        cursor = (await town.poll(cursor)).cursor
    assert len(remembered(cursor).marks) == 101 + MOST_OLDER
    assert remembered(cursor).newest == 101


async def test_of_a_huge_feed_the_newest_are_taken(town: Town) -> None:
    many = MOST_ENTRIES + 50
    base = datetime(2026, 1, 1, tzinfo=UTC)
    site = FeedHarness()
    site.site.window = many
    site.site.entries = [Said(f"n{n}", f"n{n}", "", base + timedelta(minutes=n)) for n in range(many)]
    first = await site.connector().fetch(site.channel, START)
    assert names(first) == [f"n{n}" for n in range(50, many)]
    assert (await site.connector().fetch(site.channel, first.cursor)).messages == ()
    await site.close()


@pytest.mark.parametrize(
    "bad", ["nonsense", "{}", '{"v":99,"u":"","e":"","m":"","n":0,"s":[]}', '{"v":1,"s":[["a"]]}', "[]"]
)
async def test_a_cursor_that_is_none_of_ours_has_expired(town: Town, bad: str) -> None:
    with pytest.raises(CursorExpired):
        await town.poll(Cursor(bad))
    assert town.asked == []


# --- entries over time ---


async def both(town: Town, before: str, after: str) -> tuple[Message, Batch]:
    town.serve(before)
    first = await town.poll()
    town.serve(after)
    return first.messages[0], await town.poll(first.cursor)


DATE = "<pubDate>Mon, 23 Nov 2026 0{}:00:00 GMT</pubDate>"


async def test_other_words_are_an_edit_now(town: Town) -> None:
    old, batch = await both(town, item("a", DATE.format(5)), item("a", DATE.format(5) + "<description>b</description>"))
    (new,) = batch.messages
    assert (new.remote_id, new.created_at, new.text) == (old.remote_id, old.created_at, "b")
    assert (old.edited_at, new.edited_at) == (None, town.clock.now())
    assert not batch.gap_before


async def test_other_words_with_a_later_date_were_edited_then(town: Town) -> None:
    old, batch = await both(town, item("a", DATE.format(5)), item("a", DATE.format(7) + "<description>b</description>"))
    (new,) = batch.messages
    assert new.created_at == old.created_at
    assert new.edited_at == datetime(2026, 11, 23, 7, tzinfo=UTC)


async def test_another_date_alone_is_no_edit(town: Town) -> None:
    _, batch = await both(town, item("a", DATE.format(5)), item("a", DATE.format(7)))
    assert batch.messages == ()


async def test_a_counting_pixel_is_no_edit(town: Town) -> None:
    words = "<description>&lt;p&gt;Words&lt;/p&gt;&lt;i class='{0}'&gt;&lt;/i&gt;</description>"
    file = '<enclosure url="https://city.example/a.mp3?token={0}" type="audio/mpeg"/>'
    _, batch = await both(town, item("a", (words + file).format(1)), item("a", (words + file).format(2)))
    assert batch.messages == ()


async def test_without_a_date_the_first_sight_counts_for_ever(town: Town) -> None:
    town.serve(item("b"), item("a"))
    first = await town.poll()
    seen_at = town.clock.now()
    assert names(first) == ["a", "b"], "oldest first: the document has the newest on top"
    assert [seen_at - m.created_at for m in first.messages] == [timedelta(milliseconds=1), timedelta(0)]
    town.serve(item("c"), item("b", "<description>more</description>"), item("a"))
    second = await town.poll(first.cursor)
    assert {m.remote_id: m.created_at for m in second.messages} == {"b": seen_at, "c": town.clock.now()}


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Thu, 01 Jan 1970 00:00:00 -1200",
        "Fri, 02 Jan 1970 00:00:00 GMT",
        "0001-01-01T00:00:00Z",
        "Thu, 26 Nov 2026 12:00:00 GMT",
        "Thu, 30 Dec 9999 00:00:00 GMT",
    ],
)
async def test_an_impossible_date_is_none_and_silences_nobody(town: Town, date: str) -> None:
    dated = f"<pubDate>{date}</pubDate>"
    town.serve(item("good", DATE.format(5)), item("odd", dated))
    first = await town.poll()
    seen_at = town.clock.now() - timedelta(milliseconds=1)
    assert [(m.remote_id, m.edited_at) for m in first.messages] == [("good", None), ("odd", None)]
    assert first.messages[1].created_at == seen_at
    town.serve(item("good", DATE.format(5)), item("odd", dated + "<description>more</description>"))
    (edited,) = (await town.poll(first.cursor)).messages
    assert (edited.created_at, edited.edited_at) == (seen_at, town.clock.now() - timedelta(milliseconds=1))


@pytest.mark.parametrize("date", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
async def test_an_impossible_date_gives_way_to_a_possible_one(town: Town, date: str) -> None:
    entry = {"id": "a", "content_text": "x", "date_published": date, "date_modified": "2026-11-23T05:00:00Z"}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "City", "items": [entry]}
    town.pages[ADDRESS] = httpx.Response(200, json=feed)
    (message,) = (await town.poll()).messages
    assert (message.created_at, message.edited_at) == (datetime(2026, 11, 23, 5, tzinfo=UTC), None)


async def test_a_date_a_little_ahead_is_believed(town: Town) -> None:
    town.serve(item("a", "<pubDate>Tue, 24 Nov 2026 20:00:00 GMT</pubDate>"))
    (message,) = (await town.poll()).messages
    assert message.created_at == datetime(2026, 11, 24, 20, tzinfo=UTC)


async def test_entries_that_share_a_name_are_told_apart_by_their_link(town: Town) -> None:
    def named(link: str) -> str:
        return (
            f"<item><title>t</title><guid>https://city.example/</guid><link>https://city.example/{link}</link></item>"
        )

    town.serve(named("1"), named("2"), named("2"))
    first = await town.poll()
    assert sorted(names(first)) == ["https://city.example/1", "https://city.example/2"]


async def test_an_entry_without_name_and_link_gets_a_lasting_name(town: Town) -> None:
    def nameless(title: str, text: str) -> str:
        return f"<item><title>{title}</title>{DATE.format(5)}<description>{text}</description></item>"

    town.serve(nameless("One", "a"), nameless("Two", "b"), "<item/>")
    first = await town.poll()
    assert len(set(names(first))) == 3
    assert [m.kind for m in first.messages if m.raw == b"<item/>"] == [MessageKind.UNREADABLE]
    town.serve(nameless("One", "a, edited"), nameless("Two", "b"), "<item/>")
    second = await town.poll(first.cursor)
    assert [(m.text, m.remote_id in names(first)) for m in second.messages] == [("a, edited", True)]


def test_only_what_can_be_read_or_opened_is_readable() -> None:
    assert not Entry(identity="x").readable
    assert Entry(url="https://city.example/").readable


# --- finding feeds ---


async def found(town: Town, address: str) -> list[tuple[str, str]]:
    discovery = await Feed.discover(address, town.http, town.clock)
    assert discovery.sign_in == (SignIn.NOTHING,)
    assert discovery.fields == ()
    signed_in = await Feed.sign_in(discovery, {}, town.http, town.clock)
    assert signed_in.secret == {}
    assert signed_in.address == signed_in.channels[0].remote_id
    account = replace(account_of(Feed, signed_in.address), settings=signed_in.settings)
    later = Feed(room(httpx.MockTransport(town._answer), town.clock, account, KeptSecret()))
    assert tuple(await later.channels()) == signed_in.channels
    return [(channel.remote_id, channel.title) for channel in signed_in.channels]


async def test_the_address_of_a_feed_is_enough(town: Town) -> None:
    town.serve(item("a"))
    for typed in (
        ADDRESS,
        "city.example/feed",
        " feed:city.example/feed ",
        f"feed:{ADDRESS}",
        "feed://city.example/feed",
    ):
        assert await found(town, typed) == [(ADDRESS, "City")]


async def test_a_page_names_its_feeds_and_comments_come_last(town: Town) -> None:
    page = (RECORDINGS / "page.html").read_text()
    town.pages["https://city.example/en/"] = httpx.Response(200, html=page)
    town.serve(item("a"), at="https://city.example/en/news/feed/")
    assert await found(town, "https://city.example/en/") == [
        ("https://city.example/en/news/feed/", "City"),
        ("https://city.example/feed.json", "City in JSON"),
        ("https://city.example/comments/feed/", "City » Comments Feed"),
    ]
    assert town.addresses == ["https://city.example/en/", "https://city.example/en/news/feed/"]


async def test_an_offer_that_is_broken_gives_way_to_the_next(town: Town) -> None:
    town.pages["https://city.example/en/"] = httpx.Response(200, html=(RECORDINGS / "page.html").read_text())
    town.pages["https://city.example/en/news/feed/"] = httpx.Response(500)
    town.pages["https://city.example/feed.json"] = httpx.Response(
        200, json={"version": "https://jsonfeed.org/version/1.1", "title": "Better", "items": []}
    )
    feeds = await found(town, "https://city.example/en/")
    assert feeds[0] == ("https://city.example/feed.json", "Better")
    assert len(feeds) == 2


@pytest.mark.parametrize("name", ["feed/", "feed", "rss.xml", "atom.xml", "index.xml"])
async def test_a_silent_page_is_searched_at_the_usual_places(town: Town, name: str) -> None:
    town.pages["https://city.example/blog"] = httpx.Response(200, html="<title>Blog</title>")
    town.serve(item("a"), at=f"https://city.example/blog/{name}")
    assert await found(town, "city.example/blog") == [(f"https://city.example/blog/{name}", "City")]
    town.pages.pop(f"https://city.example/blog/{name}")
    town.serve(item("a"), at=f"https://city.example/{name}")
    assert await found(town, "city.example/blog") == [(f"https://city.example/{name}", "City")]


async def test_a_site_without_a_secure_door_is_entered_by_the_other(town: Town) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    town.pages["https://old.example/"] = refuse
    town.pages["https://old.example"] = refuse
    town.serve(item("a"), at="http://old.example/")
    town.serve(item("a"), at="http://old.example")
    assert (await found(town, "old.example"))[0][0].startswith("http://old.example")
    with pytest.raises(Unavailable):
        await Feed.discover("https://old.example/", town.http, town.clock)


async def test_a_moved_feed_is_entered_under_its_new_address(town: Town) -> None:
    town.move("https://www.city.example/rss", ADDRESS, 301)
    town.serve(item("a"))
    assert await found(town, "www.city.example/rss") == [(ADDRESS, "City")]


@pytest.mark.parametrize(
    "address", ["https://me:pw@city.example/feed", "me:pw@city.example", "//", "city", "mailto:x", ""]
)
async def test_what_is_no_address_is_refused_without_a_request(town: Town, address: str) -> None:
    with pytest.raises(NotFound) as caught:
        await Feed.discover(address, town.http, town.clock)
    assert caught.value.hint
    assert "pw" not in str(caught.value)
    assert town.asked == []


async def test_a_site_without_any_feed_is_told_after_a_bounded_search(town: Town) -> None:
    town.pages["https://city.example/a/b"] = httpx.Response(200, html="<title>x</title>")
    with pytest.raises(NotFound) as caught:
        await Feed.discover("https://city.example/a/b", town.http, town.clock)
    assert "RSS" in caught.value.hint
    assert len(town.asked) <= 20


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (503, Unavailable)])
async def test_a_site_in_trouble_is_not_called_a_site_without_feeds(
    town: Town, status: int, error: type[Exception]
) -> None:
    town.pages["https://city.example/"] = httpx.Response(status, headers={"Retry-After": "60"})
    with pytest.raises(error):
        await Feed.discover("https://city.example/", town.http, town.clock)
    assert len(town.asked) == 1


async def test_a_site_that_asks_us_to_wait_is_not_asked_at_other_doors(town: Town) -> None:
    busy = httpx.Response(429, headers={"Retry-After": "60"})
    town.pages["https://city.example"] = busy
    with pytest.raises(RateLimited):
        await Feed.discover("city.example", town.http, town.clock)
    assert len(town.asked) == 1
    town.pages["https://city.example"] = httpx.Response(200, html="<title>x</title>")
    town.pages["https://city.example/feed"] = busy
    with pytest.raises(RateLimited):
        await Feed.discover("city.example", town.http, town.clock)
    assert town.addresses[-1] == "https://city.example/feed"


async def test_without_a_way_out_nothing_is_concluded(town: Town) -> None:
    def nowhere(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("x", request=request) from OSError(101, "Network is unreachable")

    town.pages[ADDRESS] = nowhere
    with pytest.raises(Offline):
        await Feed.discover(ADDRESS, town.http, town.clock)


def test_recordings_are_whole() -> None:
    assert json.loads((RECORDINGS / "harbour.json").read_text())["items"]
    assert recorded("empty.rss").entries == ()
