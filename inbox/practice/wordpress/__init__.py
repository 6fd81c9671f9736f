"""WordPress as practice speaks it: REST, the consent page and plain pages to look at (wordpress.md, read 2026-11-23).

Likeness is kept by ``tests/practice/test_wordpress_likeness.py``, which holds every answer against recordings of
WordPress 6.1.9 and 6.5.5. Known to be left out: revisions, OPTIONS, batch, users and application passwords beyond
reading and revoking, content types that only themes use, image resizing, private notes (6.9+).
"""

from inbox.practice.wordpress.app import wordpress_app

__all__ = ["wordpress_app"]
