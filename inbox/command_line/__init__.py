"""Postroom without a window: ``python -m inbox --home DIR COMMAND``.

``main.py`` runs one command and turns errors into exit codes (``exits.py``), ``parser.py`` knows the commands, one
module per noun does them: ``account``, ``channel``, ``conversation``, ``message``, ``delivery``, ``inbox_file``. Each
returns an ``Answer`` and writes nothing itself; ``output.py`` makes text and JSON of it.

What only reads goes through a read-only connection and works while a window holds the inbox. What writes starts the
same engine the window has, so it needs the inbox for itself, and it takes the outbox along: what is due is sent.
"""
