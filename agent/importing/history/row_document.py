"""Document with the known rows of a project: JSON with each task on a line of its own.

Its tasks are written and read one after another, so that nobody holds the text of all of them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from agent.importing.errors import CsvRefused

_TASKS = "tasks"
# Earlier releases read the lines too: together they are one JSON object.
_FIRST_LINE = f', "{_TASKS}": [\n'
_LAST_LINE = "]}\n"


@dataclass(frozen=True, slots=True)
class Document:
    """Known rows as JSON types."""

    values: Mapping[str, Any]
    """Everything but the tasks."""
    tasks: Iterable[dict[str, Any]] | None = None
    """Tasks, to be read once; None in a document of release 0.1.0."""


def to_lines(document: Document) -> Iterator[str]:
    """Write a document as lines, one after another."""
    values = json.dumps(dict(document.values), ensure_ascii=False)
    if document.tasks is None:
        yield values
        return
    yield values.removesuffix("}") + _FIRST_LINE
    before = ""
    for task in document.tasks:
        yield before + json.dumps(task, ensure_ascii=False)
        before = ",\n"
    yield "\n" + _LAST_LINE


def from_lines(lines: Iterable[str], place: str) -> Document:
    """Read a document from lines; a task is parsed when somebody asks for it.

    An earlier release wrote all of it on one line, which is parsed at once. `place` names where the
    lines are kept. Raises: `CsvRefused`, also from the tasks.
    """
    remaining = iter(lines)
    try:
        first = next(remaining, "")
        if first.endswith(_FIRST_LINE):
            values = json.loads(first.removesuffix(_FIRST_LINE) + "}")
            return Document(values, _tasks(remaining, place))
        content: object = json.loads("".join([first, *remaining]))
    except ValueError as error:
        raise damaged(place) from error
    if not isinstance(content, dict):
        raise damaged(place)
    values = cast("dict[str, Any]", content)
    tasks = values.pop(_TASKS, None)
    return Document(values, tasks)


def _tasks(lines: Iterator[str], place: str) -> Iterator[dict[str, Any]]:
    try:
        for line in lines:
            if line == _LAST_LINE:
                break
            if line != "\n":
                yield json.loads(line.removesuffix("\n").removesuffix(","))
        else:
            raise damaged(place)
        # Also reads the end of what the lines are packed in, which has their checksum.
        if next(lines, None) is not None:
            raise damaged(place)
    except ValueError as error:
        raise damaged(place) from error


def damaged(place: str) -> CsvRefused:
    """Make the refusal of a document that cannot be read; `place` names it."""
    return CsvRefused(f"{place} is damaged: move it away and import the project's files again.")
