"""Two blogs side by side whose comments and posts have the same numbers."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from inbox.model import Moderation
from inbox.store import accounts
from tests.servers.journeys.inbox import PATIENCE_S, inbox_in
from tests.servers.journeys.seen import window_over
from tests.servers.journeys.truth import assert_sound, comments_at, differences
from tests.servers.wordpress_http import FIRST_POST
from tests.servers.wordpress_site import WordPressSite


def test_equal_numbers_do_not_mix(
    clean_site: WordPressSite, second_wordpress: WordPressSite, tmp_path: Path, qtbot: QtBot
) -> None:
    clean_site.seed(6, 40, 1)
    second_wordpress.seed(6, 40, 2)
    here = clean_site.comment(FIRST_POST, "Vera", "At the first blog")
    there = second_wordpress.comment(FIRST_POST, "Noor", "At the second blog")
    assert len(comments_at(clean_site).keys() & comments_at(second_wordpress).keys()) > 100
    with inbox_in(tmp_path / "home") as inbox:
        first, second = inbox.sign_in(clean_site), inbox.sign_in(second_wordpress)
        inbox.send_at_once()
        assert [o.error for o in inbox.sync_all()] == [None, None]
        [one] = accounts.channels(inbox.store, account_id=first.id)
        [two] = accounts.channels(inbox.store, account_id=second.id)
        assert differences(inbox.store, one.id, clean_site) == []
        assert differences(inbox.store, two.id, second_wordpress) == []
        # what is done at one is not done at the other
        inbox.engine.moderate(inbox.comment(there, two.id).id, Moderation.APPROVE).result(PATIENCE_S)
        answers = [
            inbox.engine.reply(inbox.comment(there, two.id).id, "From the second").result(PATIENCE_S),
            inbox.engine.reply(inbox.comment(here, one.id).id, "From the first", approve_first=True).result(PATIENCE_S),
        ]
        for answer in answers:
            inbox.wait_for(answer)
        said = "SELECT comment_parent, comment_content FROM wp_comments WHERE comment_content LIKE 'From the %'"
        assert clean_site.sql(said) == [(here, "From the first")]
        assert second_wordpress.sql(said) == [(there, "From the second")]
        clean_site.admin.delete(here)
        clean_site.fault("strip-auth")
        inbox.later(301)
        outcomes = inbox.sync_all()
        assert [o.error is None for o in outcomes] == [False, True]
        assert [a.signed_in for a in accounts.accounts(inbox.store)] == [False, True]
        with window_over(inbox, qtbot) as seen:
            assert "Organisation blog: The blog no longer accepts the sign-in" in seen.says(
                seen.window.troubles.signed_out
            )
            seen.go_to("done" if inbox.row(inbox.comment(there, two.id)).place == "done" else "quiet",
                       inbox.comment(there, two.id).conversation_id)  # fmt: skip
            seen.picture("two-blogs-one-signed-out")
        clean_site.clear_faults()
        inbox.sync_all()
        inbox.later(301)
        inbox.sync_all()
        assert differences(inbox.store, one.id, clean_site) == []
        assert differences(inbox.store, two.id, second_wordpress) == []
        assert_sound(inbox.store)
