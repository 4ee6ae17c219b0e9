"""Golden files: write and compare recorded answers, with placeholders for volatile values."""

import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

REWRITE = "DSM_REWRITE_GOLDEN"
FOLDER = Path(__file__).parent / "files"

# Another C library may round the last digits of a logarithm another way.
SIGNIFICANT_DIGITS = 12

_MILLISECONDS = ("total_ms", "recall_ms")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")
_PLACEHOLDERS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(?=Z|[+-]\d\d:\d\d)"), "<timestamp>"),
    (re.compile(r"\b00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]\b"), "<traceparent>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<sha256>"),
    (re.compile(r"127\.0\.0\.1:\d+"), "<address>"),
    (re.compile(r"cannot be reached: [^\"]+"), "cannot be reached: <error>"),
    (re.compile(r"(?<=project-orchestrator )\d+\.\d+\.\d+"), "<version>"),
    # No embedding service runs here: how often it was tried before decides what is said of it.
    (re.compile(r"\"recall: [^\"]*embedding_service[^\"]*\""), '"recall: <no embedding service>"'),
)
_NUMBER = re.compile(r'"number:([^"]+)"')


def parse(body: str) -> Any:
    """Parse an answer without losing how its numbers are written; it has no superfluous space."""
    content = json.loads(body, parse_float=_number)
    assert _dump(content, compact=True) == _short_numbers(body), "the answer is not compact JSON"
    return _masked(content)


def parse_column(text: str) -> Any:
    """Parse the text of a jsonb column."""
    return _masked(json.loads(text, parse_float=_number))


def assert_recorded(
    name: str, document: Any, today: date | None = None, *, folder: Path = FOLDER
) -> None:
    """Compare `document` with its golden file, or rewrite the file when the environment says so.

    With `today`, dates become distances from it.
    """
    text = _with_placeholders(_dump(document), today)
    path = folder / f"{name}.json"
    if os.environ.get(REWRITE):
        path.write_text(text)
        return
    assert path.exists(), f"{path.name} is missing: run again with {REWRITE}=1 to write it"
    assert text == path.read_text(), (
        f"{path.name} differs: {REWRITE}=1 rewrites it if that is right"
    )


def _number(literal: str) -> str:
    return f"number:{_short(literal)}"


def _short(literal: str) -> str:
    digits = re.sub(r"[eE].*|[-.]", "", literal).lstrip("0")
    return literal if len(digits) <= SIGNIFICANT_DIGITS else f"{float(literal):.12g}"


def _short_numbers(body: str) -> str:
    """Shorten the numbers outside strings."""
    parts = re.split(r'("(?:[^"\\]|\\.)*")', body)
    for position in range(0, len(parts), 2):
        parts[position] = re.sub(
            r"-?\d+\.\d+(?:[eE][+-]?\d+)?", lambda match: _short(match[0]), parts[position]
        )
    return "".join(parts)


def _masked(content: Any) -> Any:
    """Hide measured durations and ages."""
    if isinstance(content, list):
        return [_masked(item) for item in content]
    if not isinstance(content, dict):
        return content
    masked = {name: _masked(value) for name, value in content.items()}
    for name in _MILLISECONDS:
        if name in masked:
            masked[name] = "<ms>"
    if "steps_ms" in masked:
        masked["steps_ms"] = dict.fromkeys(masked["steps_ms"], "<ms>")
    if masked.get("data_freshness_hours") is not None:
        masked["data_freshness_hours"] = "<hours>"
    return masked


def _dump(content: Any, *, compact: bool = False) -> str:
    if compact:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    else:
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    return _NUMBER.sub(r"\1", text)


def _with_placeholders(text: str, today: date | None) -> str:
    for pattern, placeholder in _PLACEHOLDERS:
        text = pattern.sub(placeholder, text)
    numbers: dict[str, int] = {}
    text = _UUID.sub(lambda match: f"<uuid {numbers.setdefault(match[0], len(numbers) + 1)}>", text)
    if today is None:
        return text
    return _DATE.sub(lambda match: f"<today{(date.fromisoformat(match[0]) - today).days:+d}>", text)
