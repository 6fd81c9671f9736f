"""Waiting for something real, without guessing how long it takes."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
    """Returns as soon as `condition` is true; TimeoutError when it does not become so."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s} s for {what}")
        time.sleep(0.02)
