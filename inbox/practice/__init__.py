"""Practice mode: an invented council's networks, spoken to over real HTTP by the real connectors.

``world.py`` decides what happens and knows no HTTP; one dialect per network (``wordpress/``, ``feed.py``) says it the
way that network would; ``faults.py`` makes things go wrong on demand; ``town.py`` serves it all on loopback ports.
Nothing here is kept on disk and nothing leaves the machine.
"""
