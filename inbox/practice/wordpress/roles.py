"""Who may do what (WordPress's own role table, as users/me showed it; recording ``me.json``)."""

from __future__ import annotations

from inbox.practice.blog import User

# fmt: off
_AUTHOR = (
    "upload_files", "edit_posts", "edit_published_posts", "publish_posts", "read", "level_2", "level_1", "level_0",
    "delete_posts", "delete_published_posts",
)
_EDITOR = (
    "moderate_comments", "manage_categories", "manage_links", "upload_files", "unfiltered_html", "edit_posts",
    "edit_others_posts", "edit_published_posts", "publish_posts", "edit_pages", "read", "level_7", "level_6",
    "level_5", "level_4", "level_3", "level_2", "level_1", "level_0", "edit_others_pages", "edit_published_pages",
    "publish_pages", "delete_pages", "delete_others_pages", "delete_published_pages", "delete_posts",
    "delete_others_posts", "delete_published_posts", "delete_private_posts", "edit_private_posts",
    "read_private_posts", "delete_private_pages", "edit_private_pages", "read_private_pages",
)
# fmt: on
_ROLES = {
    "subscriber": ("read", "level_0"),
    "author": _AUTHOR,
    "editor": _EDITOR,
    "administrator": ("switch_themes", "edit_users", "manage_options", "list_users", "delete_users", *_EDITOR),
}


def capabilities(user: User) -> dict[str, bool]:
    """All that the user may do, in the order WordPress lists it; the role itself comes last."""
    return dict.fromkeys((*_ROLES[user.role], user.role), True)


def may(user: User | None, what: str) -> bool:
    """Whether the user (``None``: a visitor) has this capability."""
    return user is not None and what in _ROLES[user.role]
