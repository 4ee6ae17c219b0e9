"""Tasks that stood in a sprint when it started, by the changelogs of all tasks."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from agent.importing.sources.jira.rows import Draft
from agent.importing.sources.jira.sprints import SprintBook
from agent.importing.sources.shapes import text_in
from agent.importing.sources.sprint_dates import moment_of
from agent.importing.tasks import TrackerSprint


def with_commitments(
    sprints: Iterable[TrackerSprint],
    book: SprintBook,
    drafts: Mapping[str, Draft],
    names: frozenset[str] | None = None,
) -> tuple[TrackerSprint, ...]:
    """Return the sprints with the ids of the tasks that were in each when it started.

    `drafts` are all tasks of the board, or at least all of the sprints `names`; None means every
    sprint. Any other sprint, and one that has not started, stays as it is.
    """
    starts = {
        name: moment
        for key, name in book.names.items()
        if (names is None or name in names)
        and text_in(book.sprints[key], "state").casefold() != "future"
        and (moment := moment_of(text_in(book.sprints[key], "startDate")))
    }
    committed: dict[tuple[str, str], list[str]] = {}
    for draft in drafts.values():
        (task,), (project,) = draft.values["id"], draft.values["project"]
        for name in _sprints_of(draft, book):
            if name in starts and name in _names_at(draft, starts[name], book):
                committed.setdefault((project, name), []).append(task)
    return tuple(
        replace(sprint, committed=tuple(committed.get((sprint.project, sprint.name), ())))
        if sprint.name in starts
        else sprint
        for sprint in sprints
    )


def _sprints_of(draft: Draft, book: SprintBook) -> set[str]:
    """Return every sprint that a task was ever in."""
    names = set(draft.values.get("sprint", ()))
    for _, before, after in draft.moves.sprints.values():
        names |= {*book.of_ids(before), *book.of_ids(after)}
    return names


def _names_at(draft: Draft, moment: datetime, book: SprintBook) -> tuple[str, ...]:
    created = moment_of(next(iter(draft.values.get("created", ())), ""))
    if created is not None and created > moment:
        return ()
    ids = draft.moves.sprints_at(moment)
    return draft.values.get("sprint", ()) if ids is None else book.of_ids(ids)
