"""What was recorded of LinkedIn (``recordings/linkedin/INDEX.md`` says where each file is from)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from inbox.connectors.linkedin.parsing import View

FOLDER = Path(__file__).parent / "recordings" / "linkedin"
OURS = "urn:li:organization:96072893"
VIEW = View(organization=OURS, title="Test Page", now=datetime(2026, 11, 23, 9, 0, tzinfo=UTC))


def recorded(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
