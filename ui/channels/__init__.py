"""The tabs, the rail and the status line: where things are and how they are doing."""
