"""users/me, users/{id} and application passwords (wordpress.md section 3, recording ``me.json``)."""

from __future__ import annotations

from typing import Any

from inbox.practice.blog import AppPassword, User
from inbox.practice.wordpress import fields
from inbox.practice.wordpress.comments_read import CONTEXT
from inbox.practice.wordpress.roles import capabilities
from inbox.practice.wordpress.wire import Answer, Call, RestError, gmt

ARGS = {"context": CONTEXT}
_EDIT_ONLY = (
    "username", "first_name", "last_name", "email", "locale", "nickname", "roles", "registered_date", "capabilities",
    "extra_capabilities",
)  # fmt: skip


def user_json(call: Call, user: User, context: str) -> dict[str, Any]:
    """The account; e-mail, roles and capabilities only in ``context=edit``."""
    item: dict[str, Any] = {
        "id": user.id,
        "username": user.login,
        "name": user.name,
        "first_name": "",
        "last_name": "",
        "email": user.email,
        "url": "",
        "description": "",
        "link": f"{call.home}/author/{user.login}/",
        "locale": "en_US",
        "nickname": user.login,
        "slug": user.login,
        "roles": [user.role],
        "registered_date": "2026-01-05T09:00:00+00:00",
        "capabilities": capabilities(user),
        "extra_capabilities": {user.role: True},
        "avatar_urls": call.avatars(user.email),
        "meta": {"persisted_preferences": []} if context == "edit" else [],
        "_links": {
            "self": [{"href": call.rest(f"wp/v2/users/{user.id}")}],
            "collection": [{"href": call.rest("wp/v2/users")}],
        },
    }
    if context == "edit":
        return item
    return fields.without(item, _EDIT_ONLY if context == "view" else (*_EDIT_ONLY, "meta"))


def anyone(call: Call) -> None:
    """Refusal, if any, comes from the answer itself."""


def known(call: Call) -> User:
    """Who asks. Raises 401."""
    if call.user is None:
        raise RestError(401, "rest_not_logged_in", "You are not currently logged in.")
    return call.user


def may_edit_me(call: Call) -> None:
    """Permission to change one's own account: practice declares it and does not do it."""
    known(call)


def me(call: Call) -> Answer:
    """The account in use."""
    return Answer(body=user_json(call, known(call), call.get("context", "view")))


def not_here(call: Call) -> Answer:
    """Practice keeps accounts as they are."""
    raise RestError(501, "practice_not_simulated", "Practice mode does not change accounts.")


def _asked_for(call: Call) -> User:
    user = call.blog.users.get(int(call.ids["id"]))
    if user is None:
        raise RestError(404, "rest_user_invalid_id", "Invalid user ID.")
    return user


def may_see(call: Call) -> None:
    """Permission to see one account."""
    user = _asked_for(call)
    if call.get("context") == "edit" and call.user is not user:
        raise call.denied("rest_user_cannot_view", "Sorry, you are not allowed to edit users.")
    refuse_strangers(call, user)


def one(call: Call) -> Answer:
    """Any account."""
    return Answer(body=user_json(call, _asked_for(call), call.get("context", "view")))


def refuse_strangers(call: Call, user: User) -> None:
    """Only those who published something are shown to everybody."""
    public = any(p.author_id == user.id and p.status == "publish" for p in call.blog.posts.values())
    if not public and call.user is not user and not call.may("list_users"):
        raise call.denied("rest_user_cannot_view", "Sorry, you are not allowed to list users.")


def password_json(call: Call, user: User, password: AppPassword) -> dict[str, Any]:
    """What REST tells of an application password: never the password."""
    return {
        "uuid": password.uuid,
        "app_id": password.app_id,
        "name": password.name,
        "created": gmt(password.created_at),
        "last_used": gmt(password.last_used_at) if password.last_used_at else None,
        "last_ip": "127.0.0.1" if password.last_used_at else None,
        "_links": {
            "self": [{"href": call.rest(f"wp/v2/users/{user.id}/application-passwords/{password.uuid}")}],
        },
    }


def _owner(call: Call) -> User:
    user = known(call)
    asked = call.ids.get("user", "me")
    if asked not in ("me", str(user.id)):
        message = "Sorry, you are not allowed to list application passwords for this user."
        raise RestError(403, "rest_cannot_list_application_passwords", message)
    return user


def may_passwords(call: Call) -> None:
    """One's own only."""
    _owner(call)


def introspect(call: Call) -> Answer:
    """The application password in use."""
    user = _owner(call)
    assert call.password is not None
    return Answer(body=password_json(call, user, call.password))


def passwords(call: Call) -> Answer:
    """All of one's application passwords."""
    user = _owner(call)
    return Answer(body=[password_json(call, user, p) for p in user.passwords])


def revoke(call: Call) -> Answer:
    """Take one back: it never opens anything again."""
    user = _owner(call)
    for password in user.passwords:
        if password.uuid == call.ids["uuid"]:
            previous = password_json(call, user, password)
            previous.pop("_links")
            user.passwords.remove(password)
            return Answer(body={"deleted": True, "previous": previous})
    raise RestError(404, "rest_application_password_not_found", "Application password not found.")
