"""Plain HTTP to a WordPress, past every connector: what a test of the server itself looks at."""

import httpx

from tests.servers.wordpress_site import WordPressSite

FIRST_POST = 1  # WordPress's own "Hello world!", open for comments


def signed_in(site: WordPressSite, password: str | None = None) -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=30, auth=(site.user, password or site.application_password))


def me(site: WordPressSite) -> str:
    return f"{site.api}wp/v2/users/me?context=edit"


def comments(site: WordPressSite) -> str:
    return f"{site.api}wp/v2/comments"


def stored(site: WordPressSite, comment_id: int, column: str) -> object:
    [(value,)] = site.sql(f"SELECT {column} FROM wp_comments WHERE comment_ID = ?", comment_id)
    return value
