"""Pictures, and documents where a network takes one: taken into the inbox's own folder when chosen, so that they
survive; then shown as thumbnails."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QFileInfo, QIODevice, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QImage, QImageIOHandler, QImageReader, QPainter, QPalette, QPixmap

from inbox.errors import PostroomError
from inbox.model import DOCUMENT, Media

FOLDER = "media"
MOST_BYTES = 64_000_000
MIME_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": DOCUMENT,
}
ENDINGS = {"jpeg": ".jpg", "png": ".png", "gif": ".gif", "webp": ".webp", "pdf": ".pdf"}
_QUARTER = QImageIOHandler.Transformation.TransformationRotate90.value
PATTERNS = "*.jpg *.jpeg *.png *.gif *.webp *.pdf"


class NoPicture(PostroomError):
    """The file is not a picture that networks take, or cannot be read."""

    title = "This picture cannot be used"
    hint = "Choose a JPEG, PNG, GIF or WebP file, or a PDF for networks that take documents."


def keep_file(source: Path, home: Path) -> Media:
    """Copy a picture file into ``home/media`` under a name made of its content. Raises NoPicture. Slow: not for the
    window's own thread."""
    try:
        if source.stat().st_size > MOST_BYTES:
            raise NoPicture(f"{source.name} is larger than {MOST_BYTES // 1_000_000} MB", hint="Shrink it first.")
        content = source.read_bytes()
    except OSError as error:
        raise NoPicture(f"{source.name}: {error.strerror}", hint="Check that the file can be read.") from error
    return _keep(content, source.name, home)


def keep_image(image: QImage, home: Path) -> Media:
    """Keep a picture that was pasted, as PNG. Raises NoPicture. Slow: not for the window's own thread."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]  # the stubs want bytes, Qt refuses them
        raise NoPicture("What was pasted is not a picture")
    return _keep(bytes(content.data()), "pasted picture", home)


def _keep(content: bytes, name: str, home: Path) -> Media:
    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    kind = bytes(reader.format().data()).decode()  # by content: names lie
    document = content.startswith(b"%PDF-")
    kind = "pdf" if document else kind
    if kind not in MIME_TYPES or not (document or reader.canRead()):
        raise NoPicture(f"{name} is no picture that networks take")
    folder = home / FOLDER
    target = folder / f"{hashlib.sha256(content).hexdigest()[:32]}{ENDINGS[kind]}"
    if not target.exists():
        unfinished = target.with_suffix(".part")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(content)
            unfinished.replace(target)
        except OSError as error:
            raise NoPicture(f"{name} could not be kept: {error.strerror}", hint="Free some space.") from error
    size = QSize() if document else reader.size()
    return Media(
        path=str(target), mime_type=MIME_TYPES[kind], size_bytes=len(content),
        width_px=max(size.width(), 0), height_px=max(size.height(), 0),
    )  # fmt: skip


def picture(path: str, within: QSize, ratio: float = 1.0) -> QPixmap:
    """The picture, turned as its camera says, scaled down to fit ``within`` (logical px); null when it is not there."""
    if not QFileInfo.exists(path):
        return QPixmap()
    if path.endswith(".pdf"):
        return _sheet(within, ratio)
    reader = QImageReader(path)
    reader.setAutoTransform(True)
    size = reader.size()
    turned = bool(reader.transformation().value & _QUARTER)  # by a quarter: width and height change places
    box = within * ratio
    if size.isValid() and (size.width() > box.width() or size.height() > box.height()):
        reader.setScaledSize(size.scaled(box.transposed() if turned else box, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        return QPixmap()
    pixmap = QPixmap.fromImage(image)
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def _sheet(within: QSize, ratio: float) -> QPixmap:
    """A sheet of paper that says what it is."""
    height = within.height()
    made = QPixmap(QSize(round(height * 0.71), height) * ratio)
    made.setDevicePixelRatio(ratio)
    palette = QGuiApplication.palette()
    made.fill(palette.color(QPalette.ColorRole.Base))
    painter = QPainter(made)
    painter.setPen(palette.color(QPalette.ColorRole.Text))
    whole = QRectF(0, 0, made.width() / ratio, made.height() / ratio)
    painter.drawRect(whole.adjusted(0.5, 0.5, -1, -1))
    painter.drawText(whole, Qt.AlignmentFlag.AlignCenter, "PDF")
    painter.end()
    return made
