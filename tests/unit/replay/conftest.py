"""Inputs of recorded decisions, as shape 1 was stored."""

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent / "inputs"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def read(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text())


@pytest.fixture
def adjusted() -> dict[str, Any]:
    """Inputs of a decision that evidence changed: the rule plans 5 tasks, the chances fewer."""
    return read("adjusted_0")
