"""The WordPress of our tests is real: installed, stored, alone on its host, and mortal."""

import time
from collections.abc import Sequence

import httpx
import pytest

from tests.servers.wordpress_admin import SiteError
from tests.servers.wordpress_http import FIRST_POST, comments, me, signed_in, stored
from tests.servers.wordpress_site import WordPressSite

# What is installed


def test_version_told_is_the_version_that_answers(clean_site: WordPressSite, visitor: httpx.Client) -> None:
    feed = visitor.get(f"{clean_site.url}feed/").text
    assert f"https://wordpress.org/?v={clean_site.version}<" in feed
    assert int(clean_site.version.split(".")[0]) >= 6


def test_root_names_the_site_and_how_to_sign_in(clean_site: WordPressSite, visitor: httpx.Client) -> None:
    root = visitor.get(clean_site.api).json()
    assert root["name"] == "Organisation blog"
    assert root["home"] + "/" == clean_site.url
    assert "wp/v2" in root["namespaces"]
    assert root["authentication"]["application-passwords"]["endpoints"]["authorization"].startswith(clean_site.url)
    assert f'<{clean_site.api}>; rel="https://api.w.org/"' in visitor.head(clean_site.url).headers["Link"]


def test_application_passwords_carry_each_users_role(clean_site: WordPressSite, officer: httpx.Client) -> None:
    assert officer.get(me(clean_site)).json()["roles"] == ["editor"]
    for name, role in {"admin": "administrator", "reader": "subscriber"}.items():
        login = (name, clean_site.others[name].application_password)
        assert httpx.get(me(clean_site), auth=login, trust_env=False).json()["roles"] == [role]


def test_login_password_does_not_open_the_api(clean_site: WordPressSite) -> None:
    with signed_in(clean_site, clean_site.password) as client:
        assert client.get(me(clean_site)).status_code == 401


# What is stored


def test_seed_report_is_what_the_database_holds(clean_site: WordPressSite) -> None:
    def counts() -> tuple[dict[str, int], dict[str, int]]:
        posts = clean_site.sql("SELECT post_status, COUNT(*) FROM wp_posts WHERE post_type = 'post' GROUP BY 1")
        held = clean_site.sql("SELECT comment_approved, COUNT(*) FROM wp_comments GROUP BY 1")
        return {str(k): int(n or 0) for k, n in posts}, {str(k): int(n or 0) for k, n in held}

    assert counts() == ({"publish": 1}, {"1": 1})
    report = clean_site.seed(posts=30, comments=12, seed=7)
    posts, held = counts()
    assert report["posts"] == 30
    assert posts == {
        "publish": report["posts_publish"] + 1,
        "draft": report["posts_draft"],
        "future": report["posts_future"],
        "private": report["posts_private"],
    }
    assert held == {
        "0": report["comments_0"],
        "1": report["comments_1"] - report["comments_trash"] + 1,
        "spam": report["comments_spam"],
        "trash": report["comments_trash"],
    }
    assert sum(held.values()) == report["comments"] + 1


def test_api_counts_what_was_seeded(clean_site: WordPressSite, officer: httpx.Client) -> None:
    report = clean_site.seed(posts=12, comments=5)
    reply = officer.get(comments(clean_site), params={"status": "any", "type": "all", "context": "edit", "per_page": 1})
    assert int(reply.headers["X-WP-Total"]) == report["comments"] + 1


def test_same_seed_makes_the_same_content(clean_site: WordPressSite) -> None:
    def content() -> Sequence[tuple[object, ...]]:
        clean_site.reset()
        clean_site.seed(posts=6, comments=4, seed=3)
        columns = "comment_ID, comment_parent, comment_author, comment_content"
        return clean_site.sql(f"SELECT {columns} FROM wp_comments ORDER BY 1")

    assert content() == content()


def test_reset_brings_back_content_passwords_and_ids(clean_site: WordPressSite, officer: httpx.Client) -> None:
    comment_id = clean_site.comment(FIRST_POST, "Vera", "When does it open?")
    assert officer.delete(f"{clean_site.api}wp/v2/users/me/application-passwords").json()["deleted"]
    assert officer.get(me(clean_site)).status_code == 401
    clean_site.php("update_option('blogname', 'Renamed');")
    clean_site.reset()
    assert officer.get(me(clean_site)).status_code == 200
    assert clean_site.sql("SELECT COUNT(*) FROM wp_comments") == [(1,)]
    assert clean_site.php("return get_option('blogname');") == "Organisation blog"
    assert clean_site.comment(FIRST_POST, "Vera", "When does it open?") == comment_id


def test_reset_ends_a_request_that_is_being_slowed_down(clean_site: WordPressSite) -> None:
    clean_site.fault("slow=1.5")
    started = time.monotonic()
    with signed_in(clean_site) as client, pytest.raises(httpx.ReadTimeout):
        client.post(comments(clean_site), json={"post": FIRST_POST, "content": "A ghost"}, timeout=0.3)
    clean_site.reset()
    # past the moment at which it would have been written
    while time.monotonic() < started + 2:
        assert clean_site.sql("SELECT COUNT(*) FROM wp_comments") == [(1,)]


def test_sql_gives_values_as_they_are_stored(clean_site: WordPressSite) -> None:
    text = "tab\t line\n back\\slash 'quote' 🚴 NULL \\N"
    assert clean_site.sql("SELECT ?, NULL, 'NULL', 7, 'a\tb'", text) == [(text, None, "NULL", 7, "a\tb")]
    assert clean_site.sql("UPDATE wp_comments SET comment_content = ? WHERE comment_ID = 1", text) == []
    assert stored(clean_site, 1, "comment_content") == text
    with pytest.raises(SiteError, match="no_such_table"):
        clean_site.sql("SELECT * FROM no_such_table")


def test_php_runs_as_the_administrator(clean_site: WordPressSite) -> None:
    assert clean_site.php("return [wp_get_current_user()->user_login, $n + 1];", n=41) == ["admin", 42]
    with pytest.raises(SiteError, match="went wrong"):
        clean_site.php("return new WP_Error('x', 'went wrong');")


# Hosts


def test_dying_host_comes_back_with_its_data(clean_site: WordPressSite, visitor: httpx.Client) -> None:
    comment_id = clean_site.comment(FIRST_POST, "Vera", "When does it open?")
    clean_site.kill_web()
    with pytest.raises(httpx.ConnectError):
        visitor.get(comments(clean_site))
    with pytest.raises(SiteError):
        clean_site.kill_web()
    clean_site.restart_web()
    assert visitor.get(comments(clean_site)).status_code == 200
    assert stored(clean_site, comment_id, "comment_author") == "Vera"


def test_reset_revives_a_dead_host(clean_site: WordPressSite, visitor: httpx.Client) -> None:
    clean_site.fault("status=503")
    clean_site.kill_web()
    clean_site.reset()
    assert visitor.get(comments(clean_site)).status_code == 200


def test_host_restarts_with_its_faults(clean_site: WordPressSite, visitor: httpx.Client) -> None:
    clean_site.fault("status=503")
    clean_site.kill_web()
    clean_site.restart_web()
    assert visitor.get(comments(clean_site)).status_code == 503


def test_two_sites_share_nothing_but_ids(clean_site: WordPressSite, second_wordpress: WordPressSite) -> None:
    one = clean_site.comment(FIRST_POST, "Vera", "On the first blog")
    two = second_wordpress.comment(FIRST_POST, "Vera", "On the second blog")
    assert one == two
    assert stored(clean_site, one, "comment_content") == "On the first blog"
    assert stored(second_wordpress, two, "comment_content") == "On the second blog"
    assert clean_site.url != second_wordpress.url
    with signed_in(second_wordpress, clean_site.application_password) as stranger:
        assert stranger.get(me(second_wordpress)).status_code == 401


def test_subdirectory_is_all_there_is(subdirectory_wordpress: WordPressSite, visitor: httpx.Client) -> None:
    site = subdirectory_wordpress
    assert site.url.endswith("/blog/")
    assert site.api == f"{site.url}wp-json/"
    assert visitor.get(site.url.removesuffix("blog/")).status_code == 404
    with signed_in(site) as officer:
        assert officer.get(me(site)).json()["roles"] == ["editor"]
    assert site.comment(FIRST_POST, "Vera", "Found the form") == 2
    site.kill_web()
    site.restart_web()  # still knows where it lives
    assert visitor.get(site.api).status_code == 200


def test_plain_permalinks_have_no_pretty_root(plain_wordpress: WordPressSite, visitor: httpx.Client) -> None:
    site = plain_wordpress
    assert site.api == f"{site.url}index.php?rest_route=/"
    assert visitor.get(f"{site.url}wp-json/").status_code == 404
    assert visitor.get(f"{site.api}wp/v2/comments&per_page=1").json()[0]["id"] == 1
    assert f'<{site.api}>; rel="https://api.w.org/"' in visitor.head(site.url).headers["Link"]
