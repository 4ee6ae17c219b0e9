"""Custom fields of a Jira site, told by the type that the site gives them, not by their names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.importing.sources.jira.boards import Board
from agent.importing.sources.jira.site import Site
from agent.importing.sources.shapes import as_list, as_object, object_in, text_in

_SOFTWARE = "com.pyxis.greenhopper.jira:"
_NUMBER = "com.atlassian.jira.plugin.system.customfieldtypes:float"
_CHECKBOXES = "com.atlassian.jira.plugin.system.customfieldtypes:multicheckboxes"
# The classic field has no type of its own, only a name, which Jira ships in these languages.
_POINTS = (
    "story points",
    "story point",
    "puntos de historia",
    "story-punkte",
    "points de récit",
    "pontos de história",
)
_FLAGGED = ("flagged", "markiert", "marcado", "marqué", "отмечено")
SYSTEM = (
    "summary",
    "issuetype",
    "status",
    "priority",
    "resolution",
    "assignee",
    "created",
    "updated",
    "resolutiondate",
    "statuscategorychangedate",
    "labels",
    "parent",
    "project",
)


@dataclass(frozen=True, slots=True)
class FieldIds:
    """Ids of the fields that a site has; an empty tuple without one."""

    sprint: tuple[str, ...] = ()
    """Sprints."""
    rank: tuple[str, ...] = ()
    """Order of the backlog."""
    epic_link: tuple[str, ...] = ()
    """Key of the epic."""
    epic_name: tuple[str, ...] = ()
    """Name of an epic, which only epics have."""
    estimates: tuple[str, ...] = ()
    """Estimates, the board's own first."""
    flagged: tuple[str, ...] = ()
    """Flag of an impediment."""

    @property
    def all(self) -> tuple[str, ...]:
        """Return the ids of all fields that are asked for, each once."""
        groups = (self.sprint, self.rank, self.epic_link, self.epic_name, self.estimates)
        custom = [name for group in (*groups, self.flagged) for name in group]
        return tuple(dict.fromkeys([*SYSTEM, *custom]))


def find_fields(site: Site, board: Board) -> FieldIds:
    """Find the custom fields of a site. Raises: `SourceRefused`."""
    path = f"{site.api}/field"
    fields = [as_object(field, path) for field in as_list(site.client.get(path).json, path)]

    def of_type(*types: str) -> tuple[str, ...]:
        return tuple(text_in(field, "id") for field in fields if _type_of(field) in types)

    def of_name(type_: str, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            text_in(field, "id")
            for field in fields
            if _type_of(field) == type_ and text_in(field, "name").casefold() in names
        )

    ranks = of_type(f"{_SOFTWARE}gh-lexo-rank")
    own_rank = f"customfield_{board.rank}"
    estimates = (board.estimate, *of_type(f"{_SOFTWARE}jsw-story-points"))
    return FieldIds(
        sprint=of_type(f"{_SOFTWARE}gh-sprint"),
        # A site may have a second order; the board says which is its own.
        rank=(own_rank,) if own_rank in ranks else ranks[:1],
        epic_link=of_type(f"{_SOFTWARE}gh-epic-link"),
        epic_name=of_type(f"{_SOFTWARE}gh-epic-label"),
        estimates=tuple(filter(None, (*estimates, *of_name(_NUMBER, _POINTS)))),
        flagged=of_name(_CHECKBOXES, _FLAGGED),
    )


def _type_of(field: Mapping[str, Any]) -> str:
    return text_in(object_in(field, "schema"), "custom")
