"""A document for networks that take one: kept as it is, shown as a sheet, refused by name where it is not taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from inbox.model import AccountId, Capability, Channel, ChannelId, Limits, Media, Update, UpdateKind
from inbox.publishing.render import render
from tests.clock import START
from ui.composer.draft import Picture
from ui.composer.pictures import keep_file, picture
from ui.composer.strip import PictureCard
from ui.theme import Theme


def page(*types: str) -> Channel:
    return Channel(
        id=ChannelId("c"), account_id=AccountId("a"), network="linkedin", remote_id="p", title="Page",
        capabilities=Capability.POST | Capability.MEDIA, limits=Limits(media_count=1, media_types=types),
    )  # fmt: skip


@pytest.mark.parametrize(("types", "stops"), [(("image/png", "application/pdf"), False), (("image/png",), True)])
def test_a_document_goes_where_it_is_taken(
    qapp: QApplication, tmp_path: Path, types: tuple[str, ...], stops: bool
) -> None:
    source = tmp_path / "Plan.PDF"
    source.write_bytes(b"%PDF-1.7 and so on")
    kept = keep_file(source, tmp_path / "home")
    assert (kept.mime_type, Path(kept.path).read_bytes()) == ("application/pdf", source.read_bytes())
    assert not picture(kept.path, QSize(120, 86)).isNull()
    _, problems = render(Update(kind=UpdateKind.POST, text="The plan", media=(kept,)), page(*types), now=START)
    assert any(p.stops and p.where == "media" for p in problems) is stops


@pytest.mark.parametrize(("files", "words"), [
    (["a.pdf"], ""), (["a.png", "b.png"], ""), (["a.gif"], ""),
    (["a.pdf", "b.pdf"], "Page takes a document alone, with no other file."),
    (["a.png", "b.pdf"], "Page takes a document alone, with no other file."),
    (["a.gif", "b.png"], "Page takes a GIF alone, with no other file."),
])  # fmt: skip
def test_what_goes_out_alone_is_named_while_composing(files: list[str], words: str) -> None:
    types = {"pdf": "application/pdf", "png": "image/png", "gif": "image/gif"}
    media = tuple(Media(path=f, mime_type=types[f[2:]], alt_text="What it shows") for f in files)
    channel = page(*types.values())
    limits = replace(channel.limits, media_count=4, media_alone=("application/pdf", "image/gif"))
    update = Update(kind=UpdateKind.POST, text="The plan", media=media)
    _, problems = render(update, replace(channel, limits=limits), now=START)
    assert [p.words for p in problems if p.stops] == ([words] if words else [])


def test_its_card_asks_for_a_title_and_shows_the_sheet_uncut(qapp: QApplication, theme: Theme, tmp_path: Path) -> None:
    source = tmp_path / "plan.pdf"
    source.write_bytes(b"%PDF-1.7 and so on")
    card = PictureCard(theme, Picture(media=keep_file(source, tmp_path / "home")), 1)
    assert card.row.label.text() == "Document 1: its title"
    assert card.remove.accessibleName() == "Remove Document 1"
    assert card.thumbnail.badge()[0] == "title missing"
    assert card.decorative.isHidden()
    card.thumbnail.resize(card.thumbnail.sizeHint())
    seen = card.thumbnail.grab().toImage()
    beside, sheet = seen.pixelColor(8, seen.height() // 3), seen.pixelColor(seen.width() // 2, seen.height() // 3)
    assert beside == theme.colour("sunken") != sheet
