"""Each fault of our WordPress does what it says."""

import json
import time

import httpx
import pytest

from tests.servers.wordpress_http import FIRST_POST, comments, me, signed_in
from tests.servers.wordpress_site import WordPressSite


def test_wrong_password_is_anonymous_on_public_routes(clean_site: WordPressSite, visitor: httpx.Client) -> None:
    clean_site.comment(FIRST_POST, "Vera", "Held, so only for the officer")
    with signed_in(clean_site, "aaaa bbbb cccc dddd eeee ffff") as wrong:
        reply = wrong.get(comments(clean_site))
        assert reply.status_code == 200
        assert reply.json() == visitor.get(comments(clean_site)).json()
        assert wrong.get(me(clean_site)).json()["code"] == "rest_not_logged_in"
        assert wrong.get(comments(clean_site), params={"status": "hold"}).json()["code"] == "rest_forbidden_param"


def test_early_auth_tells_a_wrong_password_at_once(clean_site: WordPressSite, officer: httpx.Client) -> None:
    clean_site.fault("early-auth")
    with signed_in(clean_site, "aaaa bbbb cccc dddd eeee ffff") as wrong:
        reply = wrong.get(comments(clean_site))
    assert (reply.status_code, reply.json()["code"]) == (401, "incorrect_password")
    assert officer.get(comments(clean_site)).status_code == 200


def test_strip_auth_makes_the_right_password_anonymous(clean_site: WordPressSite, officer: httpx.Client) -> None:
    assert officer.get(me(clean_site)).status_code == 200
    clean_site.fault("strip-auth")
    assert officer.get(me(clean_site)).status_code == 401
    assert officer.get(comments(clean_site)).status_code == 200
    clean_site.clear_faults()
    assert officer.get(me(clean_site)).status_code == 200


def test_status_answers_like_a_proxy(clean_site: WordPressSite, officer: httpx.Client) -> None:
    clean_site.fault("status=503")
    reply = officer.get(comments(clean_site))
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "7"
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "503" in reply.text
    assert officer.get(clean_site.url).status_code == 200  # only the API
    clean_site.clear_faults()
    assert officer.get(comments(clean_site)).status_code == 200


def test_junk_stands_before_the_json(clean_site: WordPressSite, officer: httpx.Client) -> None:
    good = officer.get(comments(clean_site)).json()
    clean_site.fault("junk")
    reply = officer.get(comments(clean_site))
    assert reply.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        reply.json()
    assert json.loads(reply.text[reply.text.index("[") :]) == good


def test_slow_outlasts_a_short_patience(clean_site: WordPressSite, officer: httpx.Client) -> None:
    officer.get(comments(clean_site))
    clean_site.fault("slow=1.5")
    with pytest.raises(httpx.ReadTimeout):
        officer.get(comments(clean_site), timeout=0.5)
    started = time.monotonic()
    assert officer.get(comments(clean_site)).status_code == 200
    assert time.monotonic() - started >= 1.5


def test_faults_add_up(clean_site: WordPressSite, officer: httpx.Client) -> None:
    clean_site.fault("strip-auth", "junk")
    reply = officer.get(me(clean_site))
    assert reply.status_code == 401
    assert reply.text.startswith("<br />")


def test_private_rest_shows_visitors_nothing(
    clean_site: WordPressSite, officer: httpx.Client, visitor: httpx.Client
) -> None:
    clean_site.fault("private-rest")
    reply = visitor.get(comments(clean_site))
    assert (reply.status_code, reply.json()["code"]) == (401, "rest_not_logged_in")
    assert officer.get(comments(clean_site)).status_code == 200


def test_no_app_passwords(clean_site: WordPressSite, officer: httpx.Client, visitor: httpx.Client) -> None:
    clean_site.fault("no-app-passwords")
    assert visitor.get(clean_site.api).json()["authentication"] == []
    assert officer.get(me(clean_site)).status_code == 401


def test_no_rest_link_hides_the_api_but_serves_it(clean_site: WordPressSite, visitor: httpx.Client) -> None:
    assert "https://api.w.org/" in visitor.get(clean_site.url).text
    clean_site.fault("no-rest-link")
    front = visitor.get(clean_site.url)
    assert "api.w.org" not in front.headers.get("Link", "")
    assert "https://api.w.org/" not in front.text
    assert visitor.get(clean_site.api).status_code == 200
