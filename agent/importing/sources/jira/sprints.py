"""Sprints of Jira: of the board, and of the issues themselves."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, cast

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.jira.boards import Board
from agent.importing.sources.jira.offset_pages import read_values
from agent.importing.sources.jira.site import Site
from agent.importing.sources.shapes import as_text, text_in
from agent.importing.sources.sprint_dates import day_of
from agent.importing.tasks import TrackerSprint

# Jira Server writes a sprint as the name of its class with its fields; a name may hold commas.
_FIELDS = re.compile(
    r"(?:\[|,)(id|rapidViewId|state|name|startDate|endDate|completeDate|activatedDate|sequence|goal"
    r"|synced|autoStartStop|incompleteIssuesDestinationId)="
)
_STATES: Mapping[str, Literal["future", "active", "closed"]] = {
    "future": "future",
    "active": "active",
    "closed": "closed",
}


@dataclass
class SprintBook:
    """Sprints by id, each with a name of its own."""

    sprints: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """Sprints as Jira writes them, by id."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """Names by id; where two sprints have the same, the later one's id follows in brackets."""

    def add(self, sprint: Mapping[str, Any]) -> str:
        """Take a sprint in, and return its name; "" when it has none."""
        # One space between words, as the reader of rows writes names.
        key, name = text_in(sprint, "id"), " ".join(text_in(sprint, "name").split())
        if not key or not name:
            return name
        if key not in self.names:
            self.names[key] = f"{name} ({key})" if name in self.names.values() else name
        self.sprints.setdefault(key, sprint)
        return self.names[key]

    def of_value(self, value: Any) -> tuple[str, ...]:
        """Return the names of the sprints in the field of an issue, the first one first."""
        items = cast(list[Any], value) if isinstance(value, list) else [value]
        sprints = [sprint for item in items if (sprint := _read(item))]
        # By start, then by id: Jira gives them in no promised order.
        sprints.sort(key=lambda sprint: (text_in(sprint, "startDate") or "9", _number(sprint)))
        return tuple(dict.fromkeys(filter(None, map(self.add, sprints))))

    def of_ids(self, ids: str) -> tuple[str, ...]:
        """Return the names for ids between commas, as a changelog writes them."""
        keys = [key.strip() for key in ids.split(",")]
        return tuple(self.names[key] for key in keys if key in self.names)

    def for_projects(self, projects: Mapping[str, Iterable[str]]) -> tuple[TrackerSprint, ...]:
        """Return the sprints of each project; `projects` holds the names of theirs.

        Sprints in which nobody has a task belong to the one project of the board.
        """
        used = {name for names in projects.values() for name in names}
        sprints = [
            _tracker_sprint(project, self.names[key], sprint)
            for project, names in projects.items()
            for key, sprint in self.sprints.items()
            if self.names[key] in names or (len(projects) == 1 and self.names[key] not in used)
        ]
        return tuple(
            sorted(sprints, key=lambda item: (item.project, item.start or date.max, item.name))
        )


def read_sprints(site: Site, board: Board) -> SprintBook:
    """Read the sprints of a board; a Kanban board has none. Raises: `SourceRefused`."""
    book = SprintBook()
    try:
        values = read_values(site.client, f"/rest/agile/1.0/board/{board.id}/sprint", "sprints")
    except SourceRefused as error:
        if error.answer_status != 400:
            raise
        return book
    for sprint in values:
        book.add(sprint)
    return book


def _read(item: Any) -> Mapping[str, Any] | None:
    if isinstance(item, dict):
        return cast(Mapping[str, Any], item)
    parts = _FIELDS.split(as_text(item).removesuffix("]"))[1:]
    pairs = zip(parts[::2], parts[1::2], strict=False)
    values = {name: text for name, text in pairs if text != "<null>"}
    return values or None


def _number(sprint: Mapping[str, Any]) -> int:
    text = text_in(sprint, "id")
    return int(text) if text.isascii() and text.isdigit() else 0


def _tracker_sprint(project: str, name: str, sprint: Mapping[str, Any]) -> TrackerSprint:
    return TrackerSprint(
        project,
        name,
        day_of(text_in(sprint, "startDate")),
        day_of(text_in(sprint, "endDate")),
        day_of(text_in(sprint, "completeDate")),
        _STATES.get(text_in(sprint, "state").casefold()),
    )
