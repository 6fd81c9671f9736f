"""Another administrator, at work on the site itself while we look at it through the API."""

import dataclasses
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any


class SiteError(Exception):
    """The server or its starter said no; the text is what it said."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ImportedComment:
    """A comment brought along from elsewhere: it gets the next id, but the date it had there."""

    author: str
    text: str
    at: datetime
    parent: int = 0
    approved: bool = True
    type: str = "comment"


class WordPressAdmin:
    """All goes through WordPress's own functions, so hooks, counts and remembered statuses are as after a click.

    SiteError where WordPress says that nothing was done.
    """

    def __init__(self, php: Callable[..., Any]) -> None:
        self._php = php

    def approve(self, comment_id: int) -> None:
        self._do("wp_set_comment_status($id, 'approve')", id=comment_id)

    def hold(self, comment_id: int) -> None:
        self._do("wp_set_comment_status($id, 'hold')", id=comment_id)

    def spam(self, comment_id: int) -> None:
        self._do("wp_spam_comment($id)", id=comment_id)

    def trash(self, comment_id: int) -> None:
        self._do("wp_trash_comment($id)", id=comment_id)

    def untrash(self, comment_id: int) -> None:
        self._do("wp_untrash_comment($id)", id=comment_id)

    def delete(self, comment_id: int) -> None:
        """For good, not to the trash; its replies move up to its parent."""
        self._do("wp_delete_comment($id, true)", id=comment_id)

    def edit(self, comment_id: int, text: str) -> None:
        edit = "wp_update_comment(wp_slash(['comment_ID' => $id, 'comment_content' => $text]), true)"
        self._do(edit, id=comment_id, text=text)

    def set_agent(self, comment_id: int, agent: str) -> None:
        """The browser the visitor seems to have used."""
        edit = "wp_update_comment(wp_slash(['comment_ID' => $id, 'comment_agent' => $agent]), true)"
        self._do(edit, id=comment_id, agent=agent)

    def import_comments(self, post_id: int, comments: Iterable[ImportedComment]) -> list[int]:
        """Gives their ids, in the order given."""
        rows = [
            {
                "comment_post_ID": post_id,
                "comment_author": comment.author,
                "comment_author_email": "imported@example.org",
                "comment_content": comment.text,
                "comment_date_gmt": _gmt(comment.at),
                "comment_parent": comment.parent,
                "comment_approved": int(comment.approved),
                "comment_type": comment.type,
            }
            for comment in comments
        ]
        code = """
            $ids = [];
            foreach ($rows as $row) {
                $row['comment_date'] = get_date_from_gmt($row['comment_date_gmt']);
                $ids[] = wp_insert_comment(wp_slash($row));
            }
            return $ids;"""
        ids: list[int] = self._php(code, rows=rows)
        if not all(ids):
            raise SiteError(f"not all comments were imported: {ids}")
        return ids

    def add_post(self, title: str, content: str = "", *, status: str = "publish") -> int:
        code = """
            return wp_insert_post(wp_slash(['post_title' => $title, 'post_content' => $content,
                'post_status' => $status, 'comment_status' => 'open']), true);"""
        post_id: int = self._php(code, title=title, content=content, status=status)
        return post_id

    def trash_post(self, post_id: int) -> None:
        self._do("wp_trash_post($id)", id=post_id)

    def delete_post(self, post_id: int) -> None:
        """For good, with its comments."""
        self._do("wp_delete_post($id, true)", id=post_id)

    def make_due(self, post_id: int) -> None:
        """As if the time of a scheduled post had come a minute ago. It stays scheduled until the site's cron runs."""
        code = """
            global $wpdb;
            $gmt = gmdate('Y-m-d H:i:s', time() - 60);
            $moved = $wpdb->update($wpdb->posts, ['post_date' => get_date_from_gmt($gmt), 'post_date_gmt' => $gmt],
                ['ID' => $id, 'post_status' => 'future']);
            wp_clear_scheduled_hook('publish_future_post', [$id]);
            return $moved && wp_schedule_single_event(time() - 60, 'publish_future_post', [$id]);"""
        if not self._php(code, id=post_id):
            raise SiteError(f"post {post_id} is not scheduled")

    def _do(self, expression: str, **values: object) -> None:
        if not self._php(f"return {expression};", **values):
            raise SiteError(f"WordPress did nothing: {expression} with {values}")


def _gmt(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
