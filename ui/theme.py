"""The look, in one table: colour tokens, spacing, type, and how they reach the QPalette.

Nothing else in the program names a colour. ``Theme`` follows the system's colour scheme and says when it changed.
Every text token reaches 4.5:1 on the grounds it is used on (tests/ui/test_theme.py computes it).
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

GAP = 4
"""The spacing step: everything is 4, 8, 12, 16 or 20 px."""
RADIUS = 6
CHIP_RADIUS = 4
QUIET_INSET = 7
"""Border and padding of a quiet button: one that begins a line hangs out by this, so that its words stand in line."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one scheme, by use."""

    window: str
    surface: str
    sunken: str
    line: str
    edge: str  # of a control: at least 3:1 against its ground
    text: str
    text_2: str
    text_3: str
    accent: str
    accent_soft: str
    on_accent: str
    owed: str
    owed_soft: str
    danger: str
    danger_soft: str
    ok: str
    ok_soft: str
    private: str
    on_private: str
    practice: str


LIGHT = Tokens(
    window="#F4F6F8", surface="#FFFFFF", sunken="#E9EDF1", line="#D3D9E0", edge="#7D8894",
    text="#151A21", text_2="#454F5C", text_3="#606A76",
    accent="#0A5AA8", accent_soft="#E1EDF8", on_accent="#FFFFFF", owed="#8F5200", owed_soft="#FFF1D9",
    danger="#B0241C", danger_soft="#FCE8E6", ok="#1A6B3A", ok_soft="#E3F3E8",
    private="#FFF7D1", on_private="#5A4A00", practice="#7A2E8E",
)  # fmt: skip
DARK = Tokens(
    window="#14171C", surface="#1B1F26", sunken="#101317", line="#343B47", edge="#6B7686",
    text="#E9ECF1", text_2="#B7C0CC", text_3="#97A1B0",
    accent="#82B8F0", accent_soft="#1B3450", on_accent="#101317", owed="#F3BB55", owed_soft="#3A2C10",
    danger="#FF9C93", danger_soft="#47211E", ok="#80D59D", ok_soft="#173720",
    private="#332D14", on_private="#F2E5A8", practice="#DBA6EC",
)  # fmt: skip

GLYPHS: dict[str, tuple[str, str]] = {
    "wordpress": ("Wp", "#21759B"), "facebook": ("Fb", "#1866D6"), "linkedin": ("In", "#0A66C2"),
    "x": ("X", "#14171A"), "govdelivery": ("Gd", "#00695C"), "mastodon": ("Ma", "#5B4BE0"),
    "bluesky": ("Bs", "#0B6FCB"), "feed": ("Rs", "#B45309"),
    "manual": ("Bh", "#5B6470"),
}  # fmt: skip
"""Letter pair and colour of each network; white on the colour reaches 5:1."""


class Theme(QObject):
    """The tokens in force. ``changed`` when the system turned from light to dark or back."""

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        self._application = application
        self.dark = False
        self.tokens = LIGHT
        self._forced: bool | None = None
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow)
        application.fontChanged.connect(self._follow_font)
        self._follow()

    def force(self, dark: bool | None) -> None:
        """Light or dark whatever the system says; ``None`` follows the system again."""
        if dark is not self._forced:
            self._forced = dark
            self._follow()

    def _follow(self) -> None:
        scheme = QGuiApplication.styleHints().colorScheme()
        self.dark = self._forced if self._forced is not None else scheme == Qt.ColorScheme.Dark
        self.tokens = DARK if self.dark else LIGHT
        self._application.setPalette(palette(self.tokens))
        self._application.setStyleSheet(style_sheet(self.tokens))
        self.changed.emit()

    def _follow_font(self) -> None:
        """The system's text size changed: under a style sheet widgets keep theirs until that is set anew."""
        self._follow()  # first: the sheet gives back the fonts it found
        for widget in self._application.allWidgets():  # Qt tells it to the windows only
            QApplication.sendEvent(widget, QEvent(QEvent.Type.ApplicationFontChange))
            if (follow := getattr(widget, "follow_font", None)) is not None:
                follow()

    def colour(self, token: str) -> QColor:
        """The colour of a token by name."""
        return QColor(getattr(self.tokens, token))


def palette(t: Tokens) -> QPalette:
    """The tokens as palette roles, so that every native widget follows."""
    p = QPalette()
    role = QPalette.ColorRole
    for r, colour in (
        (role.Window, t.window), (role.WindowText, t.text), (role.Base, t.surface), (role.AlternateBase, t.sunken),
        (role.Text, t.text), (role.Button, t.surface), (role.ButtonText, t.text), (role.Highlight, t.accent),
        (role.HighlightedText, t.on_accent), (role.ToolTipBase, t.surface), (role.ToolTipText, t.text),
        (role.PlaceholderText, t.text_3), (role.Link, t.accent), (role.LinkVisited, t.accent), (role.Mid, t.line),
        (role.Light, t.surface), (role.Midlight, t.line), (role.Dark, t.edge), (role.Shadow, t.line),
        (role.BrightText, t.danger), (role.Accent, t.accent),
    ):  # fmt: skip
        p.setColor(r, QColor(colour))
    for r in (role.WindowText, role.Text, role.ButtonText):
        p.setColor(QPalette.ColorGroup.Disabled, r, QColor(t.text_3))
    return p


def style_sheet(t: Tokens) -> str:
    """The few rules the palette cannot say. Object names and ``role`` properties only, never a bare widget class but
    where the native look would break the surface (scroll areas, tool tips)."""
    return f"""
    QToolTip {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.line}; padding: 4px 6px; }}
    QFrame[role="line"] {{ background: {t.line}; border: none; }}
    QWidget[role="surface"] {{ background: {t.surface}; }}
    QWidget[role="window"] {{ background: {t.window}; }}
    QWidget[role="sunken"] {{ background: {t.sunken}; }}
    QFrame[role="card"] {{ background: {t.surface}; border: 1px solid {t.line}; border-radius: {RADIUS}px;
        padding: 1px; }}
    QFrame[role="ours"] {{ background: {t.surface}; border: 1px solid {t.line}; border-right: 3px solid {t.accent};
        border-radius: {RADIUS}px; padding: 1px; }}
    QFrame[role="held"] {{ background: {t.private}; border: 1px solid {t.line}; border-radius: {RADIUS}px;
        padding: 1px; }}
    QFrame[role="card"][focused="true"], QFrame[role="held"][focused="true"] {{ border: 2px solid {t.accent};
        padding: 0; }}
    QFrame[role="ours"][focused="true"] {{ border: 2px solid {t.accent}; border-right: 3px solid {t.accent};
        padding: 0 1px 0 0; }}
    QFrame[role="notice"] {{ background: {t.sunken}; border: 1px solid {t.line}; border-radius: {RADIUS}px; }}
    QFrame[role="notice-alarm"] {{ background: {t.danger_soft}; border: 1px solid {t.danger};
        border-radius: {RADIUS}px; }}
    QFrame[role="private-bar"] {{ background: {t.private}; border: none; border-bottom: 1px solid {t.line}; }}
    QFrame[role="private-bar"] QLabel, QFrame[role="private-bar"] QWidget {{ color: {t.on_private}; }}
    QFrame[role="banner"] {{ background: {t.sunken}; border: none; border-bottom: 1px solid {t.line}; }}
    QFrame[role="alarm"] {{ background: {t.danger_soft}; border: none; border-bottom: 1px solid {t.line}; }}
    QFrame[role="toast"] {{ background: {t.text}; border-radius: {RADIUS}px; }}
    QFrame[role="toast"] QLabel {{ color: {t.window}; }}
    QLabel[role="text-2"] {{ color: {t.text_2}; }}
    QLabel[role="text-3"] {{ color: {t.text_3}; }}
    QLabel[role="danger"] {{ color: {t.danger}; }}
    QLabel[role="owed"] {{ color: {t.owed}; font-weight: 600; }}
    QLabel[role="chip"] {{ background: {t.sunken}; color: {t.text_2}; border-radius: {CHIP_RADIUS}px;
        padding: 1px 6px; }}
    QLabel[role="chip-owed"] {{ background: {t.owed_soft}; color: {t.owed}; border-radius: {CHIP_RADIUS}px;
        padding: 1px 6px; font-weight: 600; }}
    QFrame[role="held"] QLabel[role="chip-held"] {{ background: {t.surface}; }}
    QLabel[role="chip-held"] {{ background: {t.private}; color: {t.on_private}; border-radius: {CHIP_RADIUS}px;
        padding: 1px 6px; font-weight: 600; }}
    QLabel[role="chip-ok"] {{ background: {t.ok_soft}; color: {t.ok}; border-radius: {CHIP_RADIUS}px; padding: 1px 6px;
        font-weight: 600; }}
    QLabel[role="chip-danger"] {{ background: {t.danger_soft}; color: {t.danger}; border-radius: {CHIP_RADIUS}px;
        padding: 1px 6px; font-weight: 600; }}
    QLabel[role="practice"] {{ color: {t.practice}; font-weight: 700; }}
    QPushButton {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.edge}; border-radius: {RADIUS}px;
        padding: 5px 12px; min-height: 1.2em; }}
    QPushButton:hover {{ background: {t.accent_soft}; }}
    QPushButton:pressed {{ background: {t.sunken}; }}
    QPushButton:focus {{ border: 2px solid {t.accent}; padding: 4px 11px; }}
    QPushButton:disabled {{ color: {t.text_3}; border-color: {t.line}; }}
    QPushButton[role="primary"] {{ background: {t.accent}; color: {t.on_accent}; border: 1px solid {t.accent};
        font-weight: 600; }}
    QPushButton[role="primary"]:focus {{ border: 2px solid {t.text}; padding: 4px 11px; }}
    QPushButton[role="primary"]:disabled {{ background: {t.sunken}; color: {t.text_3}; border-color: {t.line}; }}
    QPushButton[role="quiet"] {{ background: transparent; color: {t.accent}; border: 1px solid transparent;
        padding: 3px 6px; }}
    QPushButton[role="quiet"]:hover {{ text-decoration: underline; }}
    QPushButton[role="quiet"]:focus {{ border: 2px solid {t.accent}; padding: 2px 5px; }}
    QLineEdit, QPlainTextEdit, QTextEdit, QDateTimeEdit, QComboBox, QSpinBox {{ background: {t.surface};
        color: {t.text}; border: 1px solid {t.edge}; border-radius: {RADIUS}px; padding: 5px 8px;
        selection-background-color: {t.accent}; selection-color: {t.on_accent}; }}
    QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QDateTimeEdit:focus, QComboBox:focus, QSpinBox:focus {{
        border: 2px solid {t.accent}; padding: 4px 7px; }}
    QPlainTextEdit[role="bare"], QPlainTextEdit[role="bare"]:focus {{ border: none; padding: 4px 9px; }}
    QScrollArea {{ border: none; background: transparent; }}
    QScrollArea[role="pane"] {{ border: 2px solid transparent; }}
    QScrollArea[role="pane"]:focus {{ border: 2px solid {t.accent}; border-radius: {CHIP_RADIUS}px; }}
    QListView[role="plain"] {{ border: none; background: {t.surface}; outline: none; }}
    QFrame[role="empty"]:focus {{ border: 2px solid {t.accent}; border-radius: {CHIP_RADIUS}px; }}
    QListWidget[role="rail"] {{ border: none; background: {t.sunken}; outline: none; }}
    QTableView {{ border: 1px solid {t.line}; border-radius: {RADIUS}px; background: {t.surface}; outline: none;
        selection-background-color: {t.accent_soft}; selection-color: {t.text}; }}
    QTableView:focus {{ border: 2px solid {t.accent}; }}
    QTableView::item {{ padding: 0 8px; border: none; border-bottom: 1px solid {t.line}; }}
    QTableView::item:selected {{ background: {t.accent_soft}; color: {t.text}; }}
    QHeaderView {{ background: {t.surface}; border: none; }}
    QHeaderView::section {{ background: {t.surface}; color: {t.text_2}; border: none; padding: 6px 8px 6px 11px;
        border-bottom: 1px solid {t.edge}; font-weight: 600; }}
    QSplitter::handle {{ background: {t.line}; }}
    QMessageBox QLabel#qt_msgbox_label {{ font-weight: 600; }}
    QScrollBar:vertical {{ background: transparent; width: 12px; margin: 0; }}
    QScrollBar::handle:vertical {{ background: {t.edge}; border-radius: 4px; min-height: 32px; margin: 2px; }}
    QScrollBar::handle:hover {{ background: {t.text_3}; }}
    QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 0; }}
    QScrollBar::handle:horizontal {{ background: {t.edge}; border-radius: 4px; min-width: 32px; margin: 2px; }}
    QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
    QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
    QMenu {{ background: {t.surface}; color: {t.text}; border: 1px solid {t.line}; padding: 4px; }}
    QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 4px; }}
    QMenu::item:selected {{ background: {t.accent_soft}; }}
    QMenu::item:disabled {{ color: {t.text_3}; }}
    """


def scaled(font: QFont, percent: float, weight: QFont.Weight | None = None) -> QFont:
    """A copy of ``font`` at ``percent`` of its size; points stay points, so the system's text size rules."""
    copy = QFont(font)
    if font.pointSizeF() > 0:
        copy.setPointSizeF(font.pointSizeF() * percent / 100)
    else:
        copy.setPixelSize(max(round(font.pixelSize() * percent / 100), 1))
    if weight is not None:
        copy.setWeight(weight)
    return copy


def line_height(font: QFont) -> float:
    """Height in px of one line of ``font``."""
    return QFontMetricsF(font).height()
