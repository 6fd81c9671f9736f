"""Categories and tags (wordpress.md section 6, recording ``terms.json``)."""

from __future__ import annotations

import html
from typing import Any

from inbox.practice.blog import Blog, Term
from inbox.practice.wordpress import fields, text
from inbox.practice.wordpress.comments_read import CONTEXT
from inbox.practice.wordpress.params import Arg
from inbox.practice.wordpress.wire import CURIES, Answer, Call, RestError, paging

_ORDERS = ("id", "include", "name", "slug", "include_slugs", "term_group", "description", "count")

LIST_ARGS = {
    "context": CONTEXT,
    "page": Arg(type="integer", minimum=1, default=1),
    "per_page": Arg(type="integer", minimum=1, maximum=100, default=10),
    "search": Arg(type="string"),
    "exclude": Arg(type="ids", default=[]),
    "include": Arg(type="ids", default=[]),
    "order": Arg(type="string", enum=("asc", "desc"), default="asc"),
    "orderby": Arg(type="string", enum=_ORDERS, default="name"),
    "hide_empty": Arg(type="boolean", default=False),
    "parent": Arg(type="integer"),
    "post": Arg(type="integer"),
    "slug": Arg(type="words"),
}
UPDATE_ARGS = {
    "name": Arg(type="string"),
    "description": Arg(type="string"),
    "slug": Arg(type="string"),
    "parent": Arg(type="integer"),
}
WRITE_ARGS = {**UPDATE_ARGS, "name": Arg(type="string", required=True)}


def _taxonomy(call: Call) -> str:
    return "post_tag" if "/tags" in call.path else "category"


def used_by(blog: Blog, term: Term) -> int:
    """How many published posts carry it."""
    return sum(p.status == "publish" and term.id in (*p.categories, *p.tags) for p in blog.posts.values())


def term_json(call: Call, term: Term) -> dict[str, Any]:
    """The term; its name HTML-encoded."""
    tag = term.taxonomy == "post_tag"
    base, query = ("tags", "tags") if tag else ("categories", "categories")
    item: dict[str, Any] = {
        "id": term.id,
        "count": used_by(call.blog, term),
        "description": term.description,
        "link": f"{call.home}/{'tag' if tag else 'category'}/{term.slug}/",
        "name": html.escape(term.name, quote=False),
        "slug": term.slug,
        "taxonomy": term.taxonomy,
        "parent": term.parent_id,
        "meta": [],
        "_links": {
            "self": [{"href": call.rest(f"wp/v2/{base}/{term.id}")}],
            "collection": [{"href": call.rest(f"wp/v2/{base}")}],
            "about": [{"href": call.rest(f"wp/v2/taxonomies/{term.taxonomy}")}],
            "wp:post_type": [{"href": call.rest("wp/v2/posts", f"{query}={term.id}")}],
            **CURIES,
        },
    }
    if term.parent_id:
        above = call.rest(f"wp/v2/{base}/{term.parent_id}")
        item["_links"]["up"] = [{"embeddable": True, "href": above}]
    if tag:
        del item["parent"]
    if call.get("context") == "embed":
        fields.without(item, ("count", "description", "parent", "meta"))
    return item


def may_list(call: Call) -> None:
    """Public, but ``context=edit`` is not."""
    if call.get("context") == "edit" and not call.may("edit_posts"):
        raise call.denied("rest_forbidden_context", "Sorry, you are not allowed to edit terms in this taxonomy.")


def listing(call: Call) -> Answer:
    """One page of terms, by name."""
    found = [t for t in call.blog.terms.values() if t.taxonomy == _taxonomy(call) and _matches(call, t)]
    keys: dict[str, Any] = {
        "id": lambda t: t.id,
        "slug": lambda t: t.slug,
        "count": lambda t: (used_by(call.blog, t), t.name),
    }
    found.sort(key=keys.get(call.get("orderby"), lambda t: (t.name.lower(), t.id)), reverse=call.get("order") == "desc")
    per_page, page = call.get("per_page"), call.get("page")
    body = [term_json(call, t) for t in found[(page - 1) * per_page : page * per_page]]
    return Answer(body=body, headers=paging(call, len(found), per_page, page))


def _matches(call: Call, term: Term) -> bool:
    needle = (call.get("search") or "").lower()
    post = call.blog.posts.get(call.get("post") or 0)
    return (
        (not needle or needle in term.name.lower() or needle in term.slug)
        and (not call.get("include") or term.id in call.get("include"))
        and term.id not in call.get("exclude")
        and (not call.sent("slug") or term.slug in call.get("slug"))
        and (call.get("parent") is None or term.parent_id == call.get("parent"))
        and (not call.sent("post") or (post is not None and term.id in (*post.categories, *post.tags)))
        and not (call.get("hide_empty") and used_by(call.blog, term) == 0)
    )


def may_create(call: Call) -> None:
    """Editors may create both kinds."""
    if not call.may("manage_categories"):
        raise call.denied("rest_cannot_create", "Sorry, you are not allowed to create terms in this taxonomy.")


def create(call: Call) -> Answer:
    """201 with the term, or 400 ``term_exists`` with the id of the one that is there."""
    taxonomy, name, parent = _taxonomy(call), str(call.get("name")).strip(), call.get("parent") or 0
    if call.sent("parent") and taxonomy == "post_tag":
        message = "Cannot set parent term, taxonomy is not hierarchical."
        raise RestError(400, "rest_taxonomy_not_hierarchical", message)
    if not name:
        raise RestError(500, "empty_term_name", "A name is required for this term.", extra={"data": None})
    for term in call.blog.terms.values():
        if (term.taxonomy, term.name.lower(), term.parent_id) == (taxonomy, name.lower(), parent):
            extra = {"data": {"term_id": term.id}, "additional_data": [term.id, term.id]}
            message = "A term with the name provided already exists in this taxonomy."
            raise RestError(400, "term_exists", message, extra=extra)
    slug = text.slug_of(call.get("slug") or name)
    taken = {t.slug for t in call.blog.terms.values() if t.taxonomy == taxonomy}
    number, wanted = 2, slug
    while slug in taken:
        slug, number = f"{wanted}-{number}", number + 1
    term = call.blog.add_term(
        Term(
            id=0, taxonomy=taxonomy, name=name, slug=slug, parent_id=parent, description=call.get("description") or ""
        )
    )  # fmt: skip
    base = "tags" if taxonomy == "post_tag" else "categories"
    headers = {"Location": call.rest(f"wp/v2/{base}/{term.id}")}
    return Answer(body=term_json(call, term), status=201, headers=headers)


def asked_for(call: Call) -> Term:
    """The term in the address. Raises 404."""
    term = call.blog.terms.get(int(call.ids["id"]))
    if term is None or term.taxonomy != _taxonomy(call):
        raise RestError(404, "rest_term_invalid", "Term does not exist.")
    return term


def may_read(call: Call) -> None:
    """Anyone may read one that is there."""
    asked_for(call)
    may_list(call)


def one(call: Call) -> Answer:
    """One term."""
    return Answer(body=term_json(call, asked_for(call)))


def may_edit(call: Call) -> None:
    """Editors may change and delete."""
    asked_for(call)
    if not call.may("manage_categories"):
        raise call.denied("rest_cannot_update", "Sorry, you are not allowed to edit this term.")


def update(call: Call) -> Answer:
    """200 with the term; only the fields sent change."""
    term = asked_for(call)
    term.name = call.get("name") or term.name
    term.slug = text.slug_of(call.get("slug")) if call.get("slug") else term.slug
    term.description = call.get("description", term.description)
    term.parent_id = call.get("parent", term.parent_id)
    return Answer(body=term_json(call, term))


def delete(call: Call) -> Answer:
    """Only for good; posts lose the term, and a post without any category falls back to the first one."""
    term = asked_for(call)
    if not call.get("force"):
        message = "Terms do not support trashing. Set 'force=true' to delete."
        raise RestError(501, "rest_trash_not_supported", message)
    previous = term_json(call, term)
    previous.pop("_links")
    del call.blog.terms[term.id]
    for post in call.blog.posts.values():
        post.tags = [i for i in post.tags if i != term.id]
        if term.id in post.categories:
            post.categories = [i for i in post.categories if i != term.id] or [1]
    return Answer(body={"deleted": True, "previous": previous})
