"""Everything of one board: its issues with their history, and its sprints."""

from collections.abc import Mapping

from agent.importing.meaning.statuses import State
from agent.importing.notices import Notice
from agent.importing.profiles.profile import Profile
from agent.importing.reading.source_rows import SourceRow, SourceRows
from agent.importing.sources.jira.boards import Board, find_board
from agent.importing.sources.jira.changelogs import read_changelogs
from agent.importing.sources.jira.commitments import with_commitments
from agent.importing.sources.jira.field_ids import find_fields
from agent.importing.sources.jira.increment import changes_jql, jira_setup, started_after
from agent.importing.sources.jira.issues import IssueQuery, read_issues
from agent.importing.sources.jira.places import read_places
from agent.importing.sources.jira.rows import CATEGORIES, RowMaker
from agent.importing.sources.jira.site import Site
from agent.importing.sources.jira.sprints import read_sprints
from agent.importing.sources.last_read import LastRead, whole_notice
from agent.importing.sources.meanings import JIRA_NAMES
from agent.importing.sources.shapes import as_list, as_object, object_in, text_in
from agent.importing.sources.source_request import SourceRequest


def read_jira(site: Site, request: SourceRequest, last: LastRead | None) -> SourceRows:
    """Read a board. Raises: `SourceRefused`, `SourceUnavailable`."""
    board = find_board(site, request.scope)
    fields = find_fields(site, board)
    states, statuses = _read_statuses(site, board)
    sprints = read_sprints(site, board)
    setup = jira_setup(site, board, fields, states)
    notices: tuple[Notice, ...] = ()
    if last is not None and last.setup != setup:
        reason = "the board's filter, its fields or statuses, or dsm itself are others than before"
        last, notices = None, (whole_notice(reason),)
    maker = RowMaker(site.client.base, fields, sprints, states)
    changes = "" if last is None else changes_jql(site, sprints, last)
    read_issues(site, board, IssueQuery.of_tasks(fields, request.query, changes), maker.take)
    if site.is_cloud:
        moves = {key: draft.moves for key, draft in maker.drafts.items()}
        read_changelogs(site, moves, fields.sprint)
    places = None if last is None else read_places(site, board, fields, request.query)
    rows = maker.rows(places)
    return SourceRows(
        name=f"board {board.name!r} of {site.client.base}",
        profile=Profile(
            name=JIRA_NAMES[site.is_cloud],
            telling=(),
            columns={},
            statuses=statuses,
            types=maker.kinds,
        ),
        rows=rows,
        sprints=with_commitments(
            sprints.for_projects(_sprints_by_project(rows)),
            sprints,
            maker.drafts,
            # Changed issues alone do not tell who else was in an earlier sprint.
            None if last is None else started_after(sprints, last),
        ),
        notices=notices,
        read_at=site.client.first_moment(),
        setup=setup,
        since=last and last.since,
        places=places,
    )


def _read_statuses(site: Site, board: Board) -> tuple[dict[str, State], dict[str, State]]:
    """Return the states of statuses by id, and by name in lower case."""
    path = f"{site.api}/status"
    statuses = [as_object(status, path) for status in as_list(site.client.get(path).json, path)]
    # Two projects may give the same name two meanings: that of the board's own status counts.
    statuses.sort(key=lambda status: text_in(status, "id") not in board.statuses)
    by_id: dict[str, State] = {}
    by_name: dict[str, State] = {}
    for status in statuses:
        state = CATEGORIES.get(text_in(object_in(status, "statusCategory"), "key"))
        if state is not None:
            by_id[text_in(status, "id")] = state
            by_name.setdefault(" ".join(text_in(status, "name").casefold().split()), state)
    return by_id, by_name


def _sprints_by_project(rows: list[SourceRow]) -> Mapping[str, set[str]]:
    projects: dict[str, set[str]] = {}
    for row in rows:
        for project in row.values.get("project", ()):
            projects.setdefault(project, set()).update(row.values.get("sprint", ()))
    return projects
