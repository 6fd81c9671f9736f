"""How quick Postroom is: ``make bench``, or ``python -m tests.benchmarks [--quick] [--only NAME] [--messages N]``.

Every figure is *ours* against a *floor* measured in the same run on the same machine: the least that Qt or SQLite need
for the same thing without us. So a slow or busy machine moves both, and the ratio stays readable. An *aim* stands
beside each; whether it is met is printed and never fails anything. Results go to ``build/bench.json`` as well.

======== ============================================================== ==================================== ===========
name     ours                                                           floor                                aim
======== ============================================================== ==================================== ===========
start    process start to the first painted list, through ``main.py``   bare window, list of 20 strings      1.5 times
save     messages/s of ``sync.fetch.save``, batches of 100              the same rows by ``executemany``     0.7 of it
search   p95 of ``reading.search(limit=100)`` for each key pressed      the bare full-text query             1.5, 50 ms
scroll   p99 of a frame (read, lay out, paint) over 20,000 rows         plain list, default delegate         8 ms
gap      worst pause of a 4 ms timer while 80,000 messages arrive       the same window, nothing arriving    33 ms
memory   resident MB after start, scrolling and 50 searches             bare window                          150 MB
open     a conversation of 500 messages, store to first paint           one of a single message              120 ms
poll     eight channels polled at once                                  the slowest of them alone            1.2 times
backfill 50,000 notifications of a Mastodon and of a Bluesky server     the same requests by plain httpx     0.1, 33 ms
======== ============================================================== ==================================== ===========

``start``, ``search``, ``scroll``, ``memory`` and ``open`` look at an inbox of a million messages (50,000 with
``--quick``), made once by ``stock.py`` and kept under ``build/bench/`` until the schema changes. What has a window runs
in a process of its own (``windows/``), drawn offscreen unless ``QT_QPA_PLATFORM`` says otherwise.

How to read it: compare ratios, not milliseconds, between machines; believe a difference only when it is larger than the
spread printed in ``notes``; on a machine that does other work, run one benchmark again (``--only``) before drawing a
conclusion. The load average at the start and end is printed for that reason.
"""
