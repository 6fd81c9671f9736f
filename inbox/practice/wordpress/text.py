"""What WordPress does to words: filters a visitor's markup, paragraphs and prettifies on output, makes slugs.

Likeness, not equality: enough that a reader of ``raw`` and ``rendered`` meets the same entities, tags and traps
(wordpress.md sections 4 and 6, read 2026-11-23).
"""

from __future__ import annotations

import html
import re
import unicodedata
from urllib.parse import quote

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_HREF = re.compile(r"""href\s*=\s*("[^"]*"|'[^']*')""", re.IGNORECASE)
_ALLOWED = frozenset(
    ("a", "abbr", "acronym", "b", "blockquote", "cite", "code", "del", "em", "i", "q", "s", "strike", "strong")
)
_ENTITY = r"&(?!(?:[a-zA-Z][a-zA-Z0-9]{1,10}|#\d{1,7}|#x[0-9a-fA-F]{1,6});)"
_URL = re.compile(r"""(?<![\w"'=>/])(https?://[^\s<>"']+[^\s<>"'.,;:!?)\]])""")
_BLOCK = r"(?:address|blockquote|div|dl|fieldset|figure|form|h[1-6]|hr|li|ol|p|pre|section|table|tbody|td|th|tr|ul)"
_LIGATURES = str.maketrans(
    {"ß": "s", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "þ": "th", "œ": "oe", "ı": "i"}
)


def filtered(text: str) -> str:
    """A visitor's comment as it is stored: a few tags kept, others taken out but not what stood between them.

    As in the real filter, anything from "<" to ">" is taken for a tag, so that "5 < 6 and 7 > 6" loses its middle.
    """
    text = re.sub(r"<[^>]*?((?=<)|>|$)", lambda m: m[0] if ">" in m[0] else m[0].replace("<", "&lt;"), text)
    out, at = [], 0
    for match in re.finditer(r"<[^>]*>", text):
        out.append(_encoded(text[at : match.start()]))
        at = match.end()
        tag = _TAG.fullmatch(match[0])
        if tag is not None and tag[2].lower() in _ALLOWED:
            href = _HREF.search(tag[3]) if tag[2].lower() == "a" else None
            address = re.sub(r"^(['\"])\s*(?:javascript|data|vbscript):", r"\1", _entities(href[1])) if href else ""
            out.append(f"<{tag[1]}{tag[2].lower()}{f' href={address}' if address else ''}>")
    out.append(_encoded(text[at:]))
    return with_rel("".join(out))


def _entities(text: str) -> str:
    return re.sub(_ENTITY, "&amp;", text)


def _encoded(text: str) -> str:
    return _entities(text).replace(">", "&gt;")


def with_rel(text: str) -> str:
    """Links in a comment carry ``rel``, also an editor's."""
    return re.sub(r"<a((?:\s(?![^>]*\brel=)[^>]*)?)>", r'<a\1 rel="nofollow ugc">', text)


def texturized(text: str) -> str:
    """Straight quotes and bare ampersands made typographic, outside tags, scripts and code."""
    parts = re.split(r"(<(script|style|code|pre)\b.*?</\2>|<[a-zA-Z/!][^<>]*>)", text, flags=re.DOTALL | re.IGNORECASE)
    # Every third part is the name of the element that was left alone.
    out = [part if number % 3 else _texture(part) for number, part in enumerate(parts) if number % 3 != 2]
    return re.sub(_ENTITY, "&#038;", "".join(out))


def _texture(text: str) -> str:
    text = text.replace("...", "&#8230;").replace(" -- ", " &#8212; ").replace("--", "&#8211;")
    text = re.sub(r"(?<=\w)'|'(?=\d\d\b)", "&#8217;", text)
    text = re.sub(r'(^|[\s(\[])"(?=\S)', r"\1&#8220;", text).replace('"', "&#8221;")
    return re.sub(r"(^|[\s(\[])'(?=\S)", r"\1&#8216;", text).replace("'", "&#8217;")


def paragraphed(text: str) -> str:
    """Blank lines become paragraphs, line ends ``<br />``; block tags stand by themselves."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(
        r"<blockquote>(.*?)</blockquote>", r"\n\n<blockquote><p>\1</p></blockquote>\n\n", text, flags=re.DOTALL
    )
    text = re.sub(rf"(<{_BLOCK}[\s>])", r"\n\n\1", text)
    text = re.sub(rf"(</{_BLOCK}>)", r"\1\n\n", text)
    out = []
    for part in re.split(r"\n\s*\n", text):
        piece = part.strip("\n")
        if not piece.strip():
            continue
        if re.match(rf"\s*</?{_BLOCK}[\s>/]", piece):
            out.append(f"{piece}\n")
        else:
            out.append(f"<p>{piece.replace(chr(10), '<br />' + chr(10))}</p>\n")
    return (
        "".join(out).replace("<blockquote>\n<p>", "<blockquote><p>").replace("</p>\n</blockquote>", "</p></blockquote>")
    )


def comment_html(raw: str) -> str:
    """A stored comment as the public sees it: paragraphs, smart quotes, links on bare addresses."""
    linked = "".join(
        part if part.startswith("<") else _URL.sub(r'<a href="\1" rel="nofollow ugc">\1</a>', part)
        for part in re.split(r"(<a\b.*?</a>|<[a-zA-Z/!][^<>]*>)", raw, flags=re.DOTALL)
    )
    return paragraphed(texturized(linked))


def has_blocks(content: str) -> bool:
    """Whether the block editor made this."""
    return "<!-- wp:" in content


def post_html(content: str) -> str:
    """A stored post as the public sees it."""
    if has_blocks(content):
        return re.sub(r"<!-- /?wp:.*?-->", "", content, flags=re.DOTALL)
    return paragraphed(texturized(content)) if content else ""


def plain(markup: str) -> str:
    """Words only."""
    return " ".join(html.unescape(re.sub(r"<!--.*?-->|<[^>]+>", " ", markup, flags=re.DOTALL)).split())


def excerpt_html(excerpt: str, content: str) -> str:
    """The excerpt as shown: the author's, or the first 55 words."""
    if excerpt:
        return paragraphed(texturized(excerpt))
    words = plain(content).split(" ")
    if words == [""]:
        return ""
    short = html.escape(" ".join(words[:55]), quote=False)
    return f"<p>{texturized(short)}{' [&hellip;]' if len(words) > 55 else ''}</p>\n"


def without_accents(text: str) -> str:
    """Latin letters bare, others as they are."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    return unicodedata.normalize("NFC", "".join(c for c in decomposed if not "\u0300" <= c <= "\u036f"))


def slug_of(title: str) -> str:
    """A title as a slug, at most 200 bytes; letters outside ASCII are percent-encoded, as WordPress keeps them."""
    text = without_accents(re.sub(r"<[^>]*>", "", title)).lower()
    text = re.sub(r"&[a-z0-9#]+;", "", text)
    kept = "".join(c if _in_slug(c) else "-" if c.isspace() or c in "./–—" else "" for c in text)
    slug = quote(re.sub(r"-+", "-", kept).strip("-"), safe="-_").lower()
    return re.sub(r"%[0-9a-f]?$", "", slug[:200])


def _in_slug(char: str) -> bool:
    # Emoji and other scripts stay; punctuation goes, also beyond ASCII.
    strange = ord(char) > 127 and unicodedata.category(char)[0] in "SMC" and char not in "©®°´¢"
    return char.isalnum() or char in "-_" or strange


def file_name(name: str) -> str:
    """An upload's name as it is kept: ``foto é.png`` becomes ``foto-e.png``."""
    bare = without_accents(name.replace("\\", "/").rsplit("/", 1)[-1])
    return re.sub(r"-+", "-", re.sub(r"[^A-Za-z0-9._-]", "-", bare)).strip("-.")
