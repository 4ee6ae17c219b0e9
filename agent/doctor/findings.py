"""Findings of `dsm doctor`: what was checked, with which result, and what to do next."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Result = Literal["ok", "warning", "failed"]


@dataclass(frozen=True)
class Finding:
    """Result of one check."""

    service: str
    """Name of the service; `all` for a check of the whole installation."""
    check: str
    """Name of the check."""
    result: Result
    """`failed` asks for an action, `warning` may."""
    message: str
    """What was found."""
    advice: str = ""
    """What to do next; empty when there is nothing to do."""


WHOLE = "all"


def has_failed(findings: Iterable[Finding]) -> bool:
    """Tell whether any check failed."""
    return any(finding.result == "failed" for finding in findings)
