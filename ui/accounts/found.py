"""What stands at an address: what to agree to, where to go with the browser, what to fill in; and the happy end."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from inbox.connectors.connector import Discovery
from inbox.model import Field, SignIn
from ui.theme import GAP
from ui.widgets.form import Form, FormRow, SecretEdit, button, empty, heading, words
from ui.widgets.glyph import Glyph
from ui.widgets.tick import Tick


class Found(QWidget):
    """``browser_wanted(address)``: open it; ``by_browser``: sign in there and come back by itself, ``by_code``: with
    a code; ``confirmed`` when the person wants to sign in with what is filled in."""

    browser_wanted = Signal(str)
    by_browser = Signal()
    by_code = Signal()
    confirmed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._edits: dict[str, tuple[Field, QLineEdit, FormRow]] = {}
        self._typed: dict[str, str] = {}
        self._agreements: list[_Agreement] = []
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
        self.comes_back = False
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
        self._form = Form()
        self.confirm = button(self.tr("Sign in"), "primary")
        self.confirm.clicked.connect(self.confirmed)
        column.addWidget(card)
        column.addLayout(self._warnings)
        self._or = words(self.tr("Or without the browser:"), "text-2")
        for part in (
            self._browser_words,
            self.browser,
            self.code_wanted,
            self._code,
            self._or,
            self._form,
            self.confirm,
        ):
            column.addWidget(part)

    def show_discovery(self, found: Discovery, network_title: str, *, user: str = "") -> None:
        """Show what was found. Finding the same again keeps what was typed; ``user`` fills the first open field."""
        self._typed |= {name: edit.text() for name, (_, edit, _) in self._edits.items()}
        if (found.network, found.address) != self._key:
            secret = {name for name, (declared, _, _) in self._edits.items() if declared.secret}
            self._typed = {n: t for n, t in self._typed.items() if n not in secret}  # never offered to another place
        self._key = (found.network, found.address)
        self._glyph.show_network(found.network, network_title)
        self.title.setText(found.title)
        self.address.setText(f"{network_title} · {found.address}")
        self._browser_url = found.browser_url
        self.comes_back = SignIn.BROWSER in found.sign_in and not found.browser_url
        has_browser = bool(found.browser_url) or self.comes_back
        self.browser.setVisible(has_browser)
        self._browser_words.setVisible(has_browser)
        self._browser_words.setText(self._comes_back_words if self.comes_back else self._brings_words)
        self.browser.setText(
            self.tr("Sign in with the browser") if self.comes_back else self.tr("Open the site to allow Postroom")
        )
        self.code_wanted.setVisible(self.comes_back)
        self._code.hide()
        self.code.clear()
        self._or.setVisible(self.comes_back and bool(found.fields))
        self._form.setVisible(bool(found.fields) or not self.comes_back)
        self.confirm.setVisible(bool(found.fields) or not self.comes_back)
        self.confirm.setText(self.tr("Add") if found.sign_in == (SignIn.NOTHING,) else self.tr("Sign in"))
        self.confirm.setAccessibleName(f"{self.confirm.text()}: {found.title}")
        self.confirm.setProperty("role", "" if has_browser else "primary")
        self.confirm.style().polish(self.confirm)
        for old in self._agreements:
            self._warnings.removeWidget(old)
            old.deleteLater()
        self._agreements = [_Agreement(warning) for warning in found.warnings]
        for made in self._agreements:
            self._warnings.addWidget(made)
        self._draw_fields(found.fields, user)

    def _draw_fields(self, fields: tuple[Field, ...], user: str) -> None:
        for _, _, row in self._edits.values():
            self._form.column.removeWidget(row)
            row.deleteLater()
        self._edits = {}
        for declared in fields:
            if declared.secret:
                secret = SecretEdit(declared.label, declared.placeholder)
                edit, row = secret.edit, self._form.add(declared.label, secret, declared.hint, focus=secret.edit)
            else:
                edit = QLineEdit(placeholderText=declared.placeholder)
                row = self._form.add(declared.label, edit, declared.hint)
            edit.setObjectName(declared.name)
            typed = self._typed.get(declared.name, "")
            if not typed and user and not declared.secret:
                typed, user = user, ""
            edit.setText(typed)
            edit.textEdited.connect(lambda _, changed=row: changed.show_error(""))
            edit.returnPressed.connect(self.confirmed)
            self._edits[declared.name] = (declared, edit, row)
        # Made later than the button below them: say in which order the keyboard goes.
        order: list[QWidget] = [agreement.tick for agreement in self._agreements]
        order += [self.browser, self.code_wanted, self.code]
        for _, edit, row in self._edits.values():
            order += [edit, row.control.toggle] if isinstance(row.control, SecretEdit) else [edit]
        order.append(self.confirm)
        for before, after in itertools.pairwise(order):
            QWidget.setTabOrder(before, after)

    def _browser_clicked(self) -> None:
        if not self.comes_back:
            self.browser_wanted.emit(self._browser_url)
        elif all(agreement.agreed() for agreement in self._agreements):
            self.by_browser.emit()

    def _ask_for_code(self) -> None:
        if all(agreement.agreed() for agreement in self._agreements):
            self.by_code.emit()

    def show_code(self) -> None:
        """The browser shows a code now: here is where it goes."""
        for other in (self._or, self._form):
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
            return {"code": self.code.text().strip()}
        for declared, edit, row in self._edits.values():
            if declared.required and not edit.text().strip():
                row.show_error(self.tr("This is needed."))
                row.take_focus()
                return None
        return {name: edit.text() for name, (_, edit, _) in self._edits.items()}

    def take_focus(self) -> None:
        """Go to the first thing that is still to do."""
        open_: list[QWidget] = [a.tick for a in self._agreements if not a.tick.isChecked()]
        to_fill = [edit for _, edit, _ in self._edits.values() if not edit.text()]
        every = [edit for _, edit, _ in self._edits.values()]
        if self.comes_back and not open_:
            open_ = [self.browser]
        first = (open_ or to_fill or every or [self.confirm])[0]
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget_secrets(self) -> None:
        """The keyring has them now; the window keeps none."""
        for declared, edit, _ in self._edits.values():
            if declared.secret:
                edit.clear()
                self._typed.pop(declared.name, None)


class _Agreement(QFrame):
    """A warning that a person agrees to before going on."""

    def __init__(self, warning: str) -> None:
        super().__init__()
        self.setProperty("role", "held")
        self._error = words(self.tr("Tick this to go on, or choose another address."), "danger", percent=92)
        self._error.hide()
        self.tick = Tick(self.tr("I know, go on"))
        self.tick.setAccessibleName(warning)
        self.tick.toggled.connect(lambda on: self._error.hide() if on else None)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 3 * GAP)
        column.setSpacing(2 * GAP)
        column.addWidget(words(warning))
        column.addWidget(self.tick)
        column.addWidget(self._error)

    def agreed(self) -> bool:
        if not self.tick.isChecked():
            self._error.show()
            self.tick.setFocus(Qt.FocusReason.OtherFocusReason)
        return self.tick.isChecked()


class Done(QWidget):
    """The channels that are read from now on, and the way out."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3 * GAP)
        self.words = words(self.tr("Signed in. Postroom reads these from now on:"), weight=QFont.Weight.DemiBold)
        self._titles = QVBoxLayout()
        self._titles.setSpacing(GAP)
        self.close_ = button(self.tr("Done"), "primary")
        self.close_.setAutoDefault(True)
        self.close_.clicked.connect(self.closed)
        column.addWidget(self.words)
        column.addLayout(self._titles)
        column.addWidget(self.close_)

    def show_channels(self, titles: Mapping[str, str]) -> None:
        """Title -> address."""
        empty(self._titles)
        for title, address in titles.items():
            self._titles.addWidget(words(f"{title}  ·  {address}" if address else title))
        self.close_.setAccessibleDescription(f"{self.words.text()} {', '.join(titles)}")

    def take_focus(self) -> None:
        """Enter closes."""
        self.close_.setFocus(Qt.FocusReason.OtherFocusReason)
