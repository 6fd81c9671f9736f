"""Takes away what the property tests keep between examples."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.properties.house import tear_down_template


@pytest.fixture(scope="session", autouse=True)
def _template_removed() -> Iterator[None]:
    yield
    tear_down_template()
