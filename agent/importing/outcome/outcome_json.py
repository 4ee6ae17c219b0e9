"""Outcome as JSON types."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def to_json(outcome: "DataclassInstance") -> dict[str, Any]:
    """Convert an outcome, or a part of one, to JSON types."""
    return asdict(outcome, dict_factory=_as_object)


def _as_object(values: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values}
