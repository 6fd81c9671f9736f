"""What goes by hand: the text on the clipboard, the page in the browser, the pictures when the page asks for them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage

from inbox.model import Delivery


def carry_over(delivery: Delivery) -> None:
    """Put the words on the clipboard and open the page they are for."""
    rendition = delivery.rendition
    said = "\n\n".join(part for part in (rendition.title, rendition.text) if part)
    QGuiApplication.clipboard().setText(said)
    if QUrl(delivery.url).scheme() in {"http", "https"}:
        QDesktopServices.openUrl(QUrl(delivery.url))


def copy_pictures(delivery: Delivery) -> None:
    """Put the pictures on the clipboard: as files, which pages take when pasted, and a single one as an image too."""
    paths = [str(Path(one.path).absolute()) for one in delivery.rendition.media]
    copied = QMimeData()
    copied.setUrls([QUrl.fromLocalFile(path) for path in paths])
    if len(paths) == 1 and not (image := QImage(paths[0])).isNull():
        copied.setImageData(image)
    QGuiApplication.clipboard().setMimeData(copied)
