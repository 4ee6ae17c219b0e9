"""Sprints as cells write them: a name, a path, or the text of a tracker's own object."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from agent.importing.meaning.json_cells import named_items

SprintState = Literal["future", "active", "closed"]
SprintText = Literal["name", "names", "path"]
# com.atlassian.greenhopper.service.sprint.Sprint@1f3a[id=7,state=CLOSED,name=A, b,startDate=...]
_OBJECT = re.compile(r"com\.atlassian\.greenhopper[\w.]*@?\w*\[")
# A name may hold commas and equals signs: only the known fields end the one before.
_FIELD = re.compile(
    r"(?:^|,)(id|rapidViewId|state|name|startDate|endDate|completeDate|activatedDate|sequence|goal"
    r"|autoStartStop|synced|incompleteIssuesDestinationId)="
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STATES: tuple[SprintState, ...] = ("future", "active", "closed")


@dataclass(frozen=True, slots=True)
class SprintCell:
    """Sprint that a cell names."""

    name: str
    """Name of the sprint."""
    start: date | None = None
    """First day; None when the cell does not tell it."""
    end: date | None = None
    """Last planned day; None as above."""
    closed: date | None = None
    """Day on which it was closed; None as above."""
    state: SprintState | None = None
    """State as the tracker writes it; None as above."""


def sprints_of(cell: str) -> list[SprintCell]:
    """Return the sprints that a cell names, in the order of the cell; empty for an empty cell."""
    text = " ".join(cell.split())
    if not text:
        return []
    if _OBJECT.match(text):
        # Up to the last bracket: a name may hold some, too.
        objects = [part.rpartition("]")[0] for part in _OBJECT.split(text)[1:]]
        return [sprint for part in objects if (sprint := _of_object(part)) is not None]
    return [SprintCell(last_part(text))]


def sprints_written(cell: str, written: SprintText, word: str) -> list[SprintCell]:
    """Return the sprints of a cell that holds a name, names separated by commas, or a path.

    The root of a path is no sprint: it holds what is not planned. `word` stands before a name that
    is only a number; "" leaves the number as it is.
    """
    if written == "path" and "\\" not in cell.strip().strip("\\"):
        return []
    if (items := named_items(cell.strip())) is not None:
        return [_of_fields({**fields, "name": name}) for name, fields in items]
    texts = cell.split(",") if written == "names" and not _OBJECT.match(cell.strip()) else [cell]
    sprints = [sprint for text in texts for sprint in sprints_of(text)]
    return [
        replace(sprint, name=f"{word} {sprint.name}") if word and sprint.name.isdigit() else sprint
        for sprint in sprints
    ]


def last_part(path: str) -> str:
    r"""Return the name at the end of an iteration path such as `Shop\\Release 1\\Sprint 3`."""
    parts = [part.strip() for part in path.split("\\") if part.strip()]
    return parts[-1] if parts else path


def _of_object(text: str) -> SprintCell | None:
    marks = list(_FIELD.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    values = {
        mark[1]: text[mark.end() : end].strip() for mark, end in zip(marks, ends, strict=True)
    }
    name = values.get("name", "")
    if not name or name == "<null>":
        return None
    return _of_fields(values)


def _of_fields(values: Mapping[str, object]) -> SprintCell:
    """Return a sprint by the fields of Jira's object, or of an API's."""
    state = str(values.get("state", "")).lower()
    return SprintCell(
        name=str(values["name"]),
        start=_day(values.get("startDate")),
        end=_day(values.get("endDate")),
        closed=_day(values.get("completeDate")),
        state=next((one for one in _STATES if one == state), None),
    )


def _day(text: object) -> date | None:
    match = _DAY.match(text) if isinstance(text, str) else None
    try:
        return date.fromisoformat(match[0]) if match else None
    except ValueError:
        return None
