"""Pictures made to fit, and bare of what a camera writes into them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from inbox.errors import Rejected
from inbox.model import Limits, Media
from inbox.publishing.fitting import fitted

BLUESKY = Limits(media_count=4, media_bytes=1_000_000, media_types=("image/jpeg", "image/png", "image/webp"))


def photograph(path: Path, size: tuple[int, int] = (1200, 900), *, turned: bool = False) -> Media:
    """A noisy picture with a place, a camera and, if ``turned``, a note that it lies on its side."""
    noise = Image.effect_noise(size, 90).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "Camera of Vera"
    if turned:
        exif[0x0112] = 6
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2] = "N", (47.0, 22.0, 40.0)
    noise.save(path, "JPEG", quality=95, exif=exif, comment=b"taken at home")
    return Media(path=str(path), mime_type="image/jpeg", alt_text="Noise", size_bytes=path.stat().st_size)


def test_what_the_camera_wrote_is_gone(tmp_path: Path) -> None:
    media = photograph(tmp_path / "a.jpg")
    assert b"Camera of Vera" in Path(media.path).read_bytes()
    done = fitted(media, Limits(), tmp_path / "out")
    body = Path(done.path).read_bytes()
    assert b"Camera of Vera" not in body
    assert b"taken at home" not in body
    with Image.open(done.path) as picture:
        assert not picture.getexif()
        assert picture.size == (1200, 900) == (done.width_px, done.height_px)
    assert done.alt_text == "Noise"
    assert done.size_bytes == len(body)


def test_it_stands_upright_without_the_note_that_said_so(tmp_path: Path) -> None:
    done = fitted(photograph(tmp_path / "a.jpg", turned=True), Limits(), tmp_path / "out")
    assert (done.width_px, done.height_px) == (900, 1200)


def test_a_large_one_is_made_small_enough(tmp_path: Path) -> None:
    media = photograph(tmp_path / "a.jpg", (4000, 3000))
    assert media.size_bytes > 1_000_000
    done = fitted(media, BLUESKY, tmp_path / "out")
    assert done.size_bytes <= 1_000_000
    assert done.width_px / done.height_px == pytest.approx(4 / 3, rel=0.01)
    assert max(done.width_px, done.height_px) > 800  # not smaller than it has to be


def test_dots_are_limited_too(tmp_path: Path) -> None:
    done = fitted(photograph(tmp_path / "a.jpg"), Limits(media_px=100_000), tmp_path / "out")
    assert done.width_px * done.height_px <= 100_000


def test_a_kind_the_channel_does_not_take_becomes_one_it_takes(tmp_path: Path) -> None:
    source = tmp_path / "a.webp"
    Image.new("RGBA", (60, 40), (255, 0, 0, 128)).save(source, "WEBP", lossless=True)
    done = fitted(
        Media(path=str(source), mime_type="image/webp"), Limits(media_types=("image/jpeg", "image/png")), tmp_path / "o"
    )
    assert done.mime_type == "image/png"
    with Image.open(done.path) as picture:
        assert picture.getpixel((5, 5)) == (255, 0, 0, 128)


def test_what_may_not_be_seen_through_stands_on_white(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    Image.new("RGBA", (60, 40), (0, 0, 0, 0)).save(source)
    done = fitted(Media(path=str(source), mime_type="image/png"), Limits(media_types=("image/jpeg",)), tmp_path / "o")
    with Image.open(done.path) as picture:
        assert picture.convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_a_colour_profile_stays(tmp_path: Path) -> None:
    source = tmp_path / "a.jpg"
    Image.new("RGB", (60, 40)).save(source, icc_profile=b"profile" * 20)
    done = fitted(Media(path=str(source), mime_type="image/jpeg"), Limits(), tmp_path / "o")
    with Image.open(done.path) as picture:
        assert picture.info["icc_profile"] == b"profile" * 20


def test_a_moving_picture_goes_whole_or_not_at_all(tmp_path: Path) -> None:
    source = tmp_path / "a.gif"
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "green", "blue")]
    frames[0].save(source, save_all=True, append_images=frames[1:])
    media = Media(path=str(source), mime_type="image/gif", size_bytes=source.stat().st_size)
    done = fitted(media, Limits(), tmp_path / "o")
    assert Path(done.path).read_bytes() == source.read_bytes()
    with pytest.raises(Rejected, match="moves"):
        fitted(media, Limits(media_bytes=10), tmp_path / "o")


@pytest.mark.parametrize("body", [b"", b"<svg onload='alert(1)'/>", b"\x89PNG\r\n\x1a\nnothing"])
def test_what_is_no_picture_is_refused(tmp_path: Path, body: bytes) -> None:
    source = tmp_path / "a.png"
    source.write_bytes(body)
    with pytest.raises(Rejected, match="cannot be read"):
        fitted(Media(path=str(source), mime_type="image/png"), Limits(), tmp_path / "o")


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    source.write_bytes(out.getvalue())
    with pytest.raises(Rejected):
        fitted(Media(path=str(source), mime_type="image/png"), Limits(), tmp_path / "o")


def test_a_document_goes_as_it_is_where_the_channel_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "budget.pdf"
    path.write_bytes(b"%PDF-1.7")
    document = Media(path=str(path), mime_type="application/pdf", size_bytes=8)
    takes = Limits(media_types=("image/png", "application/pdf"))
    assert fitted(document, takes, tmp_path / "out") == document
    with pytest.raises(Rejected):
        fitted(document, BLUESKY, tmp_path / "out")
    path.unlink()
    with pytest.raises(Rejected):
        fitted(document, takes, tmp_path / "out")
