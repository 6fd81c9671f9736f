"""A document for networks that take one: kept as it is, shown as a sheet, refused by name where it is not taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from inbox.model import AccountId, Capability, Channel, ChannelId, Limits, Update, UpdateKind
from inbox.publishing.render import render
from tests.clock import START
from ui.composer.pictures import keep_file, picture


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
