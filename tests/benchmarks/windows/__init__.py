"""Programs that open a window, each run as a process of its own: ``bare.py`` is the floor, ``real.py`` is Postroom."""
