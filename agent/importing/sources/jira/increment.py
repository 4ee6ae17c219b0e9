"""Changes of a board since its last read: what makes them safe, and the JQL that finds them."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from agent.importing.meaning.statuses import State
from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.jira.boards import Board
from agent.importing.sources.jira.field_ids import FieldIds
from agent.importing.sources.jira.site import Site
from agent.importing.sources.jira.sprints import SprintBook
from agent.importing.sources.last_read import LastRead, setup_of
from agent.importing.sources.shapes import as_object, text_in
from agent.importing.sources.sprint_dates import moment_of


def jira_setup(site: Site, board: Board, fields: FieldIds, states: Mapping[str, State]) -> str:
    """Hash what decides which issues are read, and what their statuses and fields mean."""
    return setup_of(
        site.product,
        board.id,
        board.filter,
        _filter_jql(site, board),
        board.estimate,
        board.rank,
        asdict(fields),
        dict(states),
    )


def _filter_jql(site: Site, board: Board) -> str:
    """Read the JQL of the board's filter; "" when it is not shown to this account."""
    if not board.filter:
        return ""
    path = f"{site.api}/filter/{board.filter}"
    try:
        return text_in(as_object(site.client.get(path).json, path), "jql")
    except SourceRefused as error:
        if error.answer_status not in (400, 401, 403, 404):
            raise
        return ""


def changes_jql(site: Site, sprints: SprintBook, last: LastRead) -> str:
    """Return the JQL for issues that changed after a read.

    Those of sprints that are not over, or ended meanwhile, are read too: another name or start of a
    sprint is no change of its issues.
    """
    # Minutes before now, so that neither the zone of the account nor another clock counts.
    conditions = [f'updated >= "-{site.client.minutes_since(last.since)}m"']
    if sprints.sprints:
        conditions += ["sprint in openSprints()", "sprint in futureSprints()"]
        ended = [key for key, sprint in sprints.sprints.items() if _ended(sprint, last.since)]
        if ended:
            conditions.append(f"sprint in ({', '.join(ended)})")
    return f"({' OR '.join(conditions)})"


def started_after(book: SprintBook, last: LastRead) -> frozenset[str]:
    """Return the names of the sprints that started after a read: all their issues are read."""
    return frozenset(
        book.names[key]
        for key, sprint in book.sprints.items()
        if (moment := _moment(sprint, "startDate")) is not None and moment >= last.since
    )


def _ended(sprint: Mapping[str, Any], since: datetime) -> bool:
    if not text_in(sprint, "id").isdigit() or text_in(sprint, "state").casefold() != "closed":
        return False
    moment = _moment(sprint, "completeDate") or _moment(sprint, "endDate")
    return moment is None or moment >= since


def _moment(sprint: Mapping[str, Any], name: str) -> datetime | None:
    return moment_of(text_in(sprint, name))
