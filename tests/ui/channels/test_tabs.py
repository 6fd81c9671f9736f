"""The networks along the top: what is owed on each, in the badge and in words, and measured no more than needed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from pytestqt.qtbot import QtBot

from ui.channels.tabs import NetworkTabs
from ui.theme import Theme

NETWORKS = [("wordpress", "WordPress"), ("feed", "Feeds")]


@pytest.fixture
def tabs(qtbot: QtBot, theme: Theme) -> NetworkTabs:
    made = NetworkTabs(theme)
    qtbot.addWidget(made)
    made.show_networks(NETWORKS)
    return made


def spoken(tabs: NetworkTabs) -> list[str]:
    return [tabs.accessibleTabName(n) for n in range(tabs.count())]


def test_each_tab_says_what_is_owed(tabs: NetworkTabs) -> None:
    tabs.show_owed({"wordpress": 2})
    assert spoken(tabs) == ["All, 2 owed", "WordPress, 2 owed", "Feeds, 0 owed"]
    tabs.show_owed({"wordpress": 2, "feed": 1})
    assert spoken(tabs) == ["All, 3 owed", "WordPress, 2 owed", "Feeds, 1 owed"]


def test_tabs_that_are_made_anew_say_it_again(tabs: NetworkTabs) -> None:
    tabs.show_owed({"wordpress": 2})
    tabs.show_networks([*NETWORKS, ("x", "X")])
    tabs.show_owed({"wordpress": 2})
    assert spoken(tabs) == ["All, 2 owed", "WordPress, 2 owed", "Feeds, 0 owed", "X, 0 owed"]


def test_tabs_are_measured_only_for_another_badge(tabs: NetworkTabs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A back-fill changes the counts many times a second; measuring all tabs for each took 20 ms."""
    tabs.show_owed({"wordpress": 1})
    narrow = tabs.tabRect(1).width()
    tabs.show_owed({"wordpress": 5_000})
    assert tabs.tabRect(1).width() > narrow
    measured: list[int] = []

    def measure(self: NetworkTabs, index: int) -> QSize:
        measured.append(index)
        return QSize(50, 20)

    monkeypatch.setattr(NetworkTabs, "tabSizeHint", measure)
    tabs.show_owed({"wordpress": 5_001})
    assert measured == []
    assert spoken(tabs)[1] == "WordPress, 5001 owed"


MANY = [(name, name.title()) for name in ("wordpress", "facebook", "linkedin", "x", "govdelivery", "mastodon", "feed")]


def named(tabs: NetworkTabs) -> list[str]:
    """Tabs that are wide enough for their name."""
    return [tabs.tabText(n) for n in range(tabs.count()) if tabs._parts(n)[1]]


def test_names_are_left_out_where_they_do_not_fit_and_come_back(tabs: NetworkTabs, qtbot: QtBot) -> None:
    tabs.show_networks(MANY)
    tabs.show()
    tabs.resize(2_000, 40)
    assert len(named(tabs)) == 8
    tabs.resize(700, 40)
    assert 3 < len(named(tabs)) < 8, "some of them keep their names"
    assert named(tabs)[:3] == ["All", "Wordpress", "Facebook"]
    assert tabs.tabRect(7).right() <= 700
    tabs.resize(480, 40)
    assert tabs.tabText(7) not in named(tabs)
    assert tabs.tabRect(7).right() <= 480, "all of them are in sight"
    tabs.setCurrentIndex(7)
    assert "Feed" in named(tabs)
    tabs.setCurrentIndex(3)
    assert "Linkedin" in named(tabs)
    assert tabs.tabToolTip(1) == "Wordpress"
    assert spoken(tabs)[3] == "Linkedin, 0 owed" or tabs.tabText(3) == "Linkedin"
    tabs.show_owed({"x": 12})
    assert tabs.tabRect(7).right() <= 480
    tabs.resize(2_000, 40)
    assert len(named(tabs)) == 8
