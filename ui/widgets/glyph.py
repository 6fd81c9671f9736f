"""The network glyph: a rounded square with a letter pair, so that colour is never the only sign (look.md)."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme import GLYPHS, LIGHT, line_height

SIDE = 18
"""Side in px at a usual line of text; it grows with larger text."""
USUAL_LINE = 18.0
ROUNDING = 0.22
LETTERS = 0.5
"""Height of the letters as a part of the side."""
FAINT = 1.6
"""A square nearer than this to the ground it stands on (WCAG contrast) gets an edge: X on dark."""


def letters(network: str) -> str:
    """The letter pair of a network; of an unknown one its first two letters."""
    return GLYPHS[network][0] if network in GLYPHS else network[:2].capitalize() or "?"


def colour(network: str) -> QColor:
    """The colour of a network's square; a neutral one for an unknown network."""
    return QColor(GLYPHS[network][1] if network in GLYPHS else LIGHT.text_2)


def paint_glyph(painter: QPainter, rect: QRectF, network: str, font: QFont) -> None:
    """Paint the glyph into ``rect`` (its largest square, centred). ``font`` gives the face, the square its size."""
    side = min(rect.width(), rect.height())
    square = QRectF(0, 0, side, side)
    square.moveCenter(rect.center())
    ground = QGuiApplication.palette().color(QPalette.ColorRole.Window)
    fill = colour(network)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if _contrast(fill, ground) < FAINT:
        painter.setPen(QPen(QGuiApplication.palette().color(QPalette.ColorRole.PlaceholderText), 1))
        square.adjust(0.5, 0.5, -0.5, -0.5)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRoundedRect(square, side * ROUNDING, side * ROUNDING)
    face = QFont(font)
    face.setPixelSize(max(round(side * LETTERS), 6))
    face.setWeight(QFont.Weight.Bold)
    face.setUnderline(False)
    painter.setFont(face)
    painter.setPen(QColor(LIGHT.on_accent))  # white in both schemes: the squares do not change with them
    painter.drawText(square, Qt.AlignmentFlag.AlignCenter, letters(network))
    painter.restore()


def side_for(font: QFont, base_px: int = SIDE) -> int:
    """The glyph's side in px beside text of this font: ``base_px`` at a usual line, larger with larger text."""
    return max(base_px, round(line_height(font) * base_px / USUAL_LINE))


class Glyph(QWidget):
    """The glyph as a widget. Speaks the network's title, or is silent when words beside it say the same."""

    def __init__(self, network: str, title: str = "", parent: QWidget | None = None, *, base_px: int = SIDE) -> None:
        super().__init__(parent)
        self._base_px = base_px
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.show_network(network, title)

    def show_network(self, network: str, title: str = "") -> None:
        """Be the glyph of this network."""
        self.network = network
        self.setAccessibleName(title)
        self.setToolTip(title)
        self.update()

    def sizeHint(self) -> QSize:
        side = side_for(self.font(), self._base_px)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_glyph(painter, QRectF(self.rect()), self.network, self.font())
        painter.end()


def _contrast(one: QColor, other: QColor) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(c: QColor) -> float:
    parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c.redF(), c.greenF(), c.blueF())]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
