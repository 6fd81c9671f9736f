"""What stands at an address: what to agree to, where to go with the browser, what to fill in."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from inbox.connectors.connector import Discovery
from inbox.model import SignIn
from ui.accounts.agreement import Agreement
from ui.accounts.fields import Fields
from ui.theme import GAP
from ui.widgets.form import Form, button, heading, words
from ui.widgets.glyph import Glyph


class Found(QWidget):
    """``browser_wanted(address)``: open it; ``by_browser``: sign in there and come back by itself, ``by_code``: with
    a code; ``confirmed`` when the person wants to sign in with what is filled in."""

    browser_wanted = Signal(str)
    by_browser = Signal()
    by_code = Signal()
    confirmed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._agreements: list[Agreement] = []
        self._key = ("", "")
        self._browser_url = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4 * GAP)
        card = QFrame()
        card.setProperty("role", "card")
        inside = QHBoxLayout(card)
        inside.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 3 * GAP)
        inside.setSpacing(3 * GAP)
        self._glyph = Glyph("", base_px=24)
        self.title = heading("", 100)
        self.address = words("", "text-2")
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.title)
        names.addWidget(self.address)
        inside.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        inside.addLayout(names, 1)
        self._warnings = QVBoxLayout()
        self._warnings.setSpacing(2 * GAP)
        self._brings_words = self.tr(
            "Sign in there with your own name, allow Postroom, and bring back the password that is shown. "
            "It opens nothing but what Postroom needs and can be withdrawn there at any time."
        )
        self._comes_back_words = self.tr(
            "Sign in there with your own name and allow Postroom; it notices by itself. Postroom never sees your "
            "password, and the permission can be withdrawn there at any time."
        )
        self._shows_words = self.tr(
            "Sign in there with your own name and allow Postroom. Then copy what the page shows, or the whole address "
            "of the last page, and paste it here."
        )
        self.comes_back = self._shows_code = False
        self.app = Fields()
        self.app.confirmed.connect(self._browser_clicked)
        self._browser_words = words(self._brings_words, "text-2")
        self.browser = button(self.tr("Open the site to allow Postroom"), "primary")
        self.browser.clicked.connect(self._browser_clicked)
        self.code_wanted = button(self.tr("The browser cannot come back: show me a code to paste"), "quiet")
        self.code_wanted.clicked.connect(self._ask_for_code)
        self._code = Form()
        self.code = QLineEdit()
        self.code.setObjectName("code")
        self.code.returnPressed.connect(self.confirmed)
        self._code_row = self._code.add(self.tr("Code from the browser"), self.code)
        self.form = Fields()
        self.form.confirmed.connect(self.confirmed)
        self.confirm = button(self.tr("Sign in"), "primary")
        self.confirm.clicked.connect(self.confirmed)
        column.addWidget(card)
        column.addLayout(self._warnings)
        self._or = words("", "text-2")
        self._by_browser = (self.app, self._browser_words, self.browser, self.code_wanted, self._code)
        self._by_typing = (self.form, self.confirm)
        self._arrange(typing_first=False)

    def _arrange(self, *, typing_first: bool) -> None:
        """Put first what the network says works best."""
        column = self.layout()
        assert isinstance(column, QVBoxLayout)
        first, then = (self._by_typing, self._by_browser) if typing_first else (self._by_browser, self._by_typing)
        self._typing_first = typing_first
        self._or.setText(self.tr("Or with the browser:") if typing_first else self.tr("Or without the browser:"))
        for part in (*first, self._or, *then):
            column.removeWidget(part)
            column.addWidget(part)

    def show_discovery(self, found: Discovery, network_title: str, *, user: str = "") -> None:
        """Show what was found. Finding the same again keeps what was typed; ``user`` fills the first open field."""
        same_place = (found.network, found.address) == self._key
        self._key = (found.network, found.address)
        self._glyph.show_network(found.network, network_title)
        self.title.setText(found.title)
        self.address.setText(f"{network_title} · {found.address}")
        self._browser_url = found.browser_url
        self.comes_back = SignIn.BROWSER in found.sign_in and not found.browser_url
        self._shows_code = SignIn.BROWSER_CODE in found.sign_in and not found.browser_url and not self.comes_back
        has_browser = bool(found.browser_url) or self.comes_back or self._shows_code
        self.browser.setVisible(has_browser)
        self._browser_words.setVisible(has_browser)
        leads = self._comes_back_words if self.comes_back else self._brings_words
        self._browser_words.setText(self._shows_words if self._shows_code else leads)
        self.browser.setText(
            self.tr("Sign in with the browser") if self.comes_back else self.tr("Open the site to allow Postroom")
        )
        self.code_wanted.setVisible(self.comes_back)
        self._code.hide()
        self.code.clear()
        by_itself = self.comes_back or self._shows_code
        self._arrange(typing_first=by_itself and bool(found.fields) and found.sign_in[0] is SignIn.PASTE)
        self._or.setVisible(by_itself and bool(found.fields))
        self.form.setVisible(bool(found.fields) or not by_itself)
        self.confirm.setVisible(bool(found.fields) or not by_itself)
        self.confirm.setText(self.tr("Add") if found.sign_in == (SignIn.NOTHING,) else self.tr("Sign in"))
        self.confirm.setAccessibleName(f"{self.confirm.text()}: {found.title}")
        self._dress(self.confirm, primary=not has_browser or self._typing_first)
        self._dress(self.browser, primary=not self._typing_first)
        for old in self._agreements:
            self._warnings.removeWidget(old)
            old.deleteLater()
        self._agreements = [Agreement(warning) for warning in found.warnings]
        for made in self._agreements:
            self._warnings.addWidget(made)
        self.app.show_fields(found.app_fields, same_place=same_place)
        self.app.setVisible(bool(found.app_fields))
        self.form.show_fields(found.fields, same_place=same_place, user=user)
        self._set_order()

    def _dress(self, one: QPushButton, *, primary: bool) -> None:
        one.setProperty("role", "primary" if primary else "")
        one.style().unpolish(one)
        one.style().polish(one)

    def _set_order(self) -> None:
        """Lines are made later than the buttons around them: say in which order the keyboard goes."""
        order: list[QWidget] = [agreement.tick for agreement in self._agreements]
        by_browser = [*self.app.in_order(), self.browser, self.code_wanted, self.code]
        by_typing = [*self.form.in_order(), self.confirm]
        order += by_typing + by_browser if self._typing_first else by_browser + by_typing
        for before, after in itertools.pairwise(order):
            QWidget.setTabOrder(before, after)

    def _browser_clicked(self) -> None:
        if self._shows_code:
            self._ask_for_code()
        elif not self.comes_back:
            self.browser_wanted.emit(self._browser_url)
        elif all(agreement.agreed() for agreement in self._agreements) and self.app.answers() is not None:
            self.by_browser.emit()

    def _ask_for_code(self) -> None:
        if all(agreement.agreed() for agreement in self._agreements) and self.app.answers() is not None:
            self.by_code.emit()

    def show_code(self) -> None:
        """The browser shows a code now: here is where it goes."""
        self._arrange(typing_first=False)  # the button that goes on stands below the code
        for other in (self._or, self.form):
            other.hide()
        self._code.show()
        self.confirm.show()
        self.code.setFocus(Qt.FocusReason.OtherFocusReason)

    def answers(self) -> Mapping[str, str] | None:
        """What is filled in; ``None`` when something is missing, which then is said and has the focus."""
        for agreement in self._agreements:
            if not agreement.agreed():
                return None
        if not self._code.isHidden():
            if not self.code.text().strip():
                self._code_row.show_error(self.tr("Paste the code that the browser shows."))
                self._code_row.take_focus()
                return None
            return {**self.app_answers(), "code": self.code.text().strip()}
        return self.form.answers()

    def app_answers(self) -> Mapping[str, str]:
        """What the browser needs to know first, such as the organisation's own client id."""
        return {name: edit.text().strip() for name, (_, edit, _) in self.app.edits.items()}

    def take_focus(self) -> None:
        """Go to the first thing that is still to do."""
        open_: list[QWidget] = [a.tick for a in self._agreements if not a.tick.isChecked()]
        if not self._typing_first and not open_:
            by_itself = self.comes_back or self._shows_code
            app = self.app.first_open()
            open_ = [app] if app is not None else [self.browser] if by_itself else []
        to_fill = self.form.first_open()
        every = [edit for _, edit, _ in self.form.edits.values()]
        first = (open_ or ([to_fill] if to_fill is not None else []) or every or [self.confirm])[0]
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget_secrets(self) -> None:
        """The keyring has them now; the window keeps none."""
        self.app.forget_secrets()
        self.form.forget_secrets()
