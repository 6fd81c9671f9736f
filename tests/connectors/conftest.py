"""The harness of one network, made for one test and closed after it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.connectors.harness import Harness
from tests.connectors.harnesses import HARNESSES


@pytest.fixture
async def harness(request: pytest.FixtureRequest) -> AsyncIterator[Harness]:
    """Ask for it with ``for_networks`` of ``test_contract.py``, which says for which networks a test has a meaning."""
    made = HARNESSES[request.param]()
    yield made
    await made.close()
