"""Issues of Jira as rows of field values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.importing.meaning.statuses import State
from agent.importing.reading.source_rows import SourceRow
from agent.importing.sources.jira.changelogs import Moves
from agent.importing.sources.jira.field_ids import FieldIds
from agent.importing.sources.jira.sprints import SprintBook
from agent.importing.sources.shapes import (
    filled,
    object_in,
    objects_in,
    other_shape,
    text_in,
    texts_in,
)
from agent.importing.sources.sprint_dates import moment_of
from agent.importing.tasks import Kind

# Names of the categories differ by language, their keys do not.
CATEGORIES: Mapping[str, State] = {
    "new": State.TO_DO,
    "indeterminate": State.DOING,
    "done": State.DONE,
}
_CATEGORY_NAMES = {State.TO_DO: "To Do", State.DOING: "In Progress", State.DONE: "Done"}


@dataclass
class Draft:
    """Issue on the way to a row."""

    values: dict[str, tuple[str, ...]]
    """Texts by field."""
    state: State | None
    """State by the category of its status; None when Jira does not say."""
    moves: Moves = field(default_factory=Moves)
    """Changelog."""


@dataclass
class RowMaker:
    """Maker of rows: issues first, then their changelogs."""

    base: str
    """Base URL of the site."""
    fields: FieldIds
    """Custom fields."""
    sprints: SprintBook
    """Sprints."""
    states: Mapping[str, State]
    """States by the id of their status."""
    drafts: dict[str, Draft] = field(default_factory=dict[str, Draft])
    """Issues by id, each once, in the order of their first appearance."""
    kinds: dict[str, Kind] = field(default_factory=dict[str, Kind])
    """Kinds by the name of the type, in lower case, where Jira says them."""

    def take(self, issue: Mapping[str, Any]) -> None:
        """Take an issue in; one that comes again replaces the former.

        Raises: `SourceRefused` for one without an id, or a key such as SHOP-7.
        """
        if not text_in(issue, "id") or not text_in(issue, "key").rpartition("-")[0]:
            raise other_shape("issues", "one with an id and a key", issue)
        values = object_in(issue, "fields")
        status, kind = object_in(values, "status"), object_in(values, "issuetype")
        self._note_kind(kind, values)
        state = CATEGORIES.get(text_in(object_in(status, "statusCategory"), "key"))
        draft = Draft(self._values(issue, values), state or self.states.get(text_in(status, "id")))
        if draft.state is not None:
            draft.values["status_category"] = (_CATEGORY_NAMES[draft.state],)
        histories = objects_in(object_in(issue, "changelog"), "histories")
        draft.moves.add(histories, self.fields.sprint)
        self.drafts[text_in(issue, "id")] = draft

    def rows(self, places: Mapping[str, str] | None) -> list[SourceRow]:
        """Return the rows; `places` are ranks by key when only changed issues were read."""
        # Jira Cloud keeps the rank's text to itself, but gives the issues in its order.
        has_ranks = all("rank" in draft.values for draft in self.drafts.values())
        rows: list[SourceRow] = []
        for line, draft in enumerate(self.drafts.values(), start=1):
            values = draft.values
            if places is not None:
                rank = places.get(values["id"][0], "")
                values |= {"rank": (rank,)}
            elif not has_ranks:
                values["rank"] = (str(line) if self.fields.rank else "",)
            if not values.get("rank", ("",))[0]:
                values.pop("rank", None)
            rows.append(self._row(draft, line))
        return rows

    def _row(self, draft: Draft, line: int) -> SourceRow:
        moves = sorted(draft.moves.statuses.values(), key=lambda move: move[0])
        self._add_days(draft, moves)
        transitions = tuple((moment, name) for moment, _, name in moves if name)
        return SourceRow(draft.values, transitions, line)

    def _add_days(self, draft: Draft, moves: list[tuple[Any, str, str]]) -> None:
        """Add the days of start and end that only the changelog tells."""
        starts = [moment for moment, key, _ in moves if self.states.get(key) is State.DOING]
        ends = [moment for moment, key, _ in moves if self.states.get(key) is State.DONE]
        if starts:
            draft.values["started"] = (starts[0].isoformat(timespec="seconds"),)
        if ends and draft.state is State.DONE and "finished" not in draft.values:
            draft.values["finished"] = (ends[-1].isoformat(timespec="seconds"),)

    def _values(
        self, issue: Mapping[str, Any], fields: Mapping[str, Any]
    ) -> dict[str, tuple[str, ...]]:
        assignee, key = object_in(fields, "assignee"), text_in(issue, "key")
        texts = {
            "id": key,
            "number": text_in(issue, "id"),
            "project": text_in(object_in(fields, "project"), "key") or key.rpartition("-")[0],
            "created": _iso(fields, "created"),
            "finished": _iso(fields, "resolutiondate"),
            "updated": _iso(fields, "updated"),
            "status_changed": _iso(fields, "statuscategorychangedate"),
            "title": text_in(fields, "summary"),
            "status": text_in(object_in(fields, "status"), "name"),
            "resolution": text_in(object_in(fields, "resolution"), "name"),
            "priority": text_in(object_in(fields, "priority"), "name"),
            "assignee": text_in(assignee, "displayName") or text_in(assignee, "name"),
            "email": text_in(assignee, "emailAddress"),
            "type": text_in(object_in(fields, "issuetype"), "name"),
            "labels": self._labels(fields),
            "rank": self._first(fields, self.fields.rank),
            "estimate": self._first(fields, self.fields.estimates),
            "sprint": self._sprints(fields),
            "parent": text_in(object_in(fields, "parent"), "key")
            or self._first(fields, self.fields.epic_link),
            "url": f"{self.base}/browse/{key}",
        }
        return filled(texts)

    def _first(self, fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
        return next((text for name in names if (text := text_in(fields, name))), "")

    def _sprints(self, fields: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(
            sprint
            for name in self.fields.sprint
            if fields.get(name)
            for sprint in self.sprints.of_value(fields[name])
        )

    def _labels(self, fields: Mapping[str, Any]) -> tuple[str, ...]:
        labels = texts_in(fields, "labels")
        is_flagged = any(objects_in(fields, name) for name in self.fields.flagged)
        return (*labels, "Flagged") if is_flagged else labels

    def _note_kind(self, kind: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        name, level = text_in(kind, "name").casefold(), kind.get("hierarchyLevel")
        if kind.get("subtask") is True:
            self.kinds[name] = Kind.PART
        elif (isinstance(level, int) and level > 0) or self._first(fields, self.fields.epic_name):
            self.kinds[name] = Kind.CONTAINER


def _iso(fields: Mapping[str, Any], name: str) -> str:
    """Return a moment as ISO 8601 in the zone that Jira wrote it in; "" for anything else."""
    moment = moment_of(text_in(fields, name))
    return moment.isoformat(timespec="seconds") if moment else ""
