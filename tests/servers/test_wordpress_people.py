"""Visitors, another administrator and the clock change a WordPress as they do outside."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.servers.wordpress_admin import ImportedComment, SiteError
from tests.servers.wordpress_http import FIRST_POST, comments, stored
from tests.servers.wordpress_site import CommentRefused, WordPressSite

# Visitors


def test_visitors_comment_is_held_until_approved(clean_site: WordPressSite, visitor: httpx.Client) -> None:
    comment_id = clean_site.comment(FIRST_POST, "Vera", "When does it open? <b>& 😀</b>")
    assert stored(clean_site, comment_id, "comment_author") == "Vera"
    assert stored(clean_site, comment_id, "comment_approved") == "0"
    public = [comment["id"] for comment in visitor.get(comments(clean_site)).json()]
    assert comment_id not in public
    clean_site.admin.approve(comment_id)
    assert [comment["id"] for comment in visitor.get(comments(clean_site)).json()] == [comment_id, *public]


def test_visitors_answer_has_its_parent(clean_site: WordPressSite) -> None:
    first = clean_site.comment(FIRST_POST, "Vera", "When does it open?")
    clean_site.admin.approve(first)
    answer = clean_site.comment(FIRST_POST, "Ahmed", "On Monday, I think", parent=first)
    assert stored(clean_site, answer, "comment_parent") == first


def test_two_visitors_write_at_once_but_one_may_not(clean_site: WordPressSite) -> None:
    clean_site.comment(FIRST_POST, "Vera", "First")
    clean_site.comment(FIRST_POST, "Łukasz Żółć", "First")
    with pytest.raises(CommentRefused) as repeated:
        clean_site.comment(FIRST_POST, "Vera", "First")
    with pytest.raises(CommentRefused) as flood:
        clean_site.comment(FIRST_POST, "Vera", "Second")
    assert (repeated.value.status, flood.value.status) == (409, 429)
    assert "Duplicate comment detected" in str(repeated.value)
    assert clean_site.sql("SELECT COUNT(*) FROM wp_comments") == [(3,)]


# Another administrator


@pytest.mark.parametrize(
    ("action", "status"), [("approve", "approved"), ("hold", "hold"), ("spam", "spam"), ("trash", "trash")]
)
def test_administrator_moderates(clean_site: WordPressSite, officer: httpx.Client, action: str, status: str) -> None:
    comment_id = clean_site.comment(FIRST_POST, "Vera", "When does it open?")
    if action == "hold":
        clean_site.admin.approve(comment_id)
    getattr(clean_site.admin, action)(comment_id)
    assert officer.get(f"{comments(clean_site)}/{comment_id}?context=edit").json()["status"] == status


def test_administrator_takes_a_comment_out_of_the_trash(clean_site: WordPressSite) -> None:
    clean_site.admin.trash(1)
    assert stored(clean_site, 1, "comment_approved") == "trash"
    clean_site.admin.untrash(1)
    assert stored(clean_site, 1, "comment_approved") == "1"


def test_administrator_edits(clean_site: WordPressSite, officer: httpx.Client) -> None:
    comment_id = clean_site.comment(FIRST_POST, "Vera", "When does it open?")
    clean_site.admin.edit(comment_id, "O’Brien \\ 'asks' & more")
    clean_site.admin.set_agent(comment_id, "Mozilla/5.0 (other)")
    comment = officer.get(f"{comments(clean_site)}/{comment_id}?context=edit").json()
    assert comment["content"]["raw"] == "O’Brien \\ 'asks' &amp; more"  # a visitor's text stays filtered as a visitor's
    assert comment["author_user_agent"] == "Mozilla/5.0 (other)"


def test_deleted_comment_is_gone_and_its_answers_move_up(clean_site: WordPressSite, officer: httpx.Client) -> None:
    parent = clean_site.comment(FIRST_POST, "Vera", "When does it open?")
    clean_site.admin.approve(parent)
    answer = clean_site.comment(FIRST_POST, "Ahmed", "On Monday", parent=parent)
    clean_site.admin.delete(parent)
    assert officer.get(f"{comments(clean_site)}/{parent}?context=edit").json()["code"] == "rest_comment_invalid_id"
    assert stored(clean_site, answer, "comment_parent") == 0


def test_impossible_is_reported(clean_site: WordPressSite) -> None:
    with pytest.raises(SiteError, match="did nothing"):
        clean_site.admin.delete(4711)
    with pytest.raises(SiteError, match="non-object"):
        clean_site.admin.approve(4711)


def test_imported_comments_have_new_ids_and_old_dates(clean_site: WordPressSite, officer: httpx.Client) -> None:
    at = datetime(2011, 11, 6, 5, 30, tzinfo=UTC)  # in the hour that New York's clocks showed twice
    imported = [
        ImportedComment(author="Old <b>Tom</b>", text="Back\\slash & more", at=at),
        ImportedComment(author="Elsewhere", text="[...]", at=at + timedelta(hours=1), approved=False, type="pingback"),
    ]
    first, second = clean_site.admin.import_comments(FIRST_POST, imported)
    assert 1 < first < second
    comment = officer.get(f"{comments(clean_site)}/{first}?context=edit").json()
    assert (comment["date_gmt"], comment["date"]) == ("2011-11-06T05:30:00", "2011-11-06T01:30:00")
    assert (comment["author_name"], comment["content"]["raw"]) == ("Old <b>Tom</b>", "Back\\slash & more")
    comment = officer.get(f"{comments(clean_site)}/{second}?context=edit").json()
    assert (comment["date"], comment["type"], comment["status"]) == ("2011-11-06T01:30:00", "pingback", "hold")


def test_comments_follow_their_post_to_the_trash_and_out(clean_site: WordPressSite) -> None:
    post_id = clean_site.admin.add_post("Library <em>opens</em>", "On Monday.")
    comment_id = clean_site.comment(post_id, "Vera", "When does it open?")
    clean_site.admin.trash_post(post_id)
    assert stored(clean_site, comment_id, "comment_approved") == "post-trashed"
    clean_site.admin.delete_post(post_id)
    assert clean_site.sql("SELECT 1 FROM wp_comments WHERE comment_ID = ?", comment_id) == []


# Time


def test_scheduled_post_appears_only_after_cron(
    clean_site: WordPressSite, officer: httpx.Client, visitor: httpx.Client
) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    new = {"title": "Library opens", "status": "future", "date_gmt": at.strftime("%Y-%m-%dT%H:%M:%S")}
    post = officer.post(f"{clean_site.api}wp/v2/posts", json=new).json()
    post_url = f"{clean_site.api}wp/v2/posts/{post['id']}"
    assert post["status"] == "future"

    clean_site.cron()
    assert officer.get(post_url).json()["status"] == "future"  # not due yet

    clean_site.admin.make_due(post["id"])
    visitor.get(clean_site.url)  # a visit, which on other sites would do it
    assert officer.get(post_url).json()["status"] == "future"
    assert visitor.get(post_url).status_code == 401

    clean_site.cron()
    assert officer.get(post_url).json()["status"] == "publish"
    assert visitor.get(post_url).json()["title"]["rendered"] == "Library opens"
