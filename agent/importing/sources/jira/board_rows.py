"""Everything of one board: its issues with their history, and its sprints."""

from collections.abc import Mapping
from datetime import datetime

from agent.importing.meaning.statuses import State
from agent.importing.profiles.profile import Profile
from agent.importing.reading.source_rows import SourceRow, SourceRows
from agent.importing.sources.jira.boards import Board, find_board
from agent.importing.sources.jira.changelogs import read_changelogs
from agent.importing.sources.jira.commitments import with_commitments
from agent.importing.sources.jira.field_ids import find_fields
from agent.importing.sources.jira.issues import read_issues
from agent.importing.sources.jira.rows import CATEGORIES, RowMaker
from agent.importing.sources.jira.site import Site
from agent.importing.sources.jira.sprints import read_sprints
from agent.importing.sources.shapes import as_list, as_object, object_in, text_in
from agent.importing.sources.source_request import SourceRequest


def read_jira(site: Site, request: SourceRequest, since: datetime | None) -> SourceRows:
    """Read a board. Raises: `SourceRefused`, `SourceUnavailable`."""
    board = find_board(site, request.scope)
    fields = find_fields(site, board)
    states, statuses = _read_statuses(site, board)
    sprints = read_sprints(site, board)
    maker = RowMaker(site.client.base, fields, sprints, states)
    read_issues(site, board, fields, request.query, since, maker.take)
    if site.is_cloud:
        moves = {key: draft.moves for key, draft in maker.drafts.items()}
        read_changelogs(site, moves, fields.sprint)
    rows = maker.rows(is_whole=since is None)
    profile = Profile(
        name=f"{site.product}, by its API",
        telling=(),
        columns={},
        statuses=statuses,
        types=maker.kinds,
    )
    name = f"board {board.name!r} of {site.client.base}"
    of_projects = sprints.for_projects(_sprints_by_project(rows))
    if since is None:
        # Changed issues alone do not tell who else was in a sprint.
        of_projects = with_commitments(of_projects, sprints, maker.drafts)
    return SourceRows(name, profile, rows, of_projects)


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
