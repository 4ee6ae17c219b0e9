"""Issues of a board: by the search of Jira Cloud, by that of Jira Server, or of the board."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.jira.boards import Board
from agent.importing.sources.jira.field_ids import FieldIds
from agent.importing.sources.jira.offset_pages import PAGE as OFFSET_PAGE
from agent.importing.sources.jira.offset_pages import Item, OffsetReader
from agent.importing.sources.jira.site import Site
from agent.importing.sources.paging import PageGuard
from agent.importing.sources.shapes import as_list, as_object, number_in, text_in
from agent.importing.sources.source_request import ReadProgress

PAGE = 100
# Jira Cloud gives more at once of what has hardly any field; sites cap what is asked for.
RANK_PAGE = 1000


@dataclass(frozen=True, slots=True)
class IssueQuery:
    """Issues of a board that are asked for, and their fields."""

    conditions: tuple[str, ...]
    """JQL, each in brackets where it needs them; empty for all issues."""
    fields: tuple[str, ...]
    """Ids of fields."""
    page: int
    """Issues that are asked for at once."""
    changelog: bool
    """True for the changelogs too, where the search can give them."""
    own: bool
    """True when a condition came from a person."""

    @property
    def what(self) -> str:
        """Name what is read, for people."""
        return "issues" if self.changelog else "keys of issues"

    @staticmethod
    def of_tasks(fields: FieldIds, query: str, changes: str = "") -> "IssueQuery":
        """Ask for everything; `query` is a person's JQL, and `changes` the one for changes."""
        own = (f"({query})",) if query else ()
        conditions = (*own, changes) if changes else own
        return IssueQuery(conditions, fields.all, PAGE, changelog=True, own=bool(query))

    @staticmethod
    def of_ranks(fields: FieldIds, query: str) -> "IssueQuery":
        """Ask for keys and ranks of all issues."""
        own = (f"({query})",) if query else ()
        # Without a field, Jira would send all of them.
        names = fields.rank or ("issuetype",)
        return IssueQuery(own, names, RANK_PAGE, changelog=False, own=bool(query))


def read_issues(site: Site, board: Board, query: IssueQuery, take: Callable[[Item], None]) -> None:
    """Hand each issue of a board to `take`; the same one may come again.

    Raises: `SourceRefused`, `SourceUnavailable`.
    """
    if board.filter:
        jql = " AND ".join([f"filter = {board.filter}", *query.conditions])
        try:
            _search(site, jql, board, query, take)
            return
        except SourceRefused as error:
            # The board is visible, but its filter is not shared with this account.
            if error.answer_status != 400 or query.own:
                raise
    _of_board(site, " AND ".join(query.conditions), board, query, take)


def _search(
    site: Site, jql: str, board: Board, query: IssueQuery, take: Callable[[Item], None]
) -> None:
    if not site.is_cloud:
        # By creation, which never changes: pages by offset must not move.
        jql = f"{jql} ORDER BY created ASC, key ASC"
        _by_offset(site, f"{site.api}/search", jql, query, take)
        return
    order = f"cf[{board.rank}]" if board.rank else "created"
    _by_token(site, jql, order, query, take)


def _by_token(
    site: Site, jql: str, order: str, query: IssueQuery, take: Callable[[Item], None]
) -> None:
    total = _approximate_count(site, jql)
    guard, token, ids = PageGuard(f"issues of {site.client.base}"), "", set[str]()
    while True:
        guard.enter(token)
        body: dict[str, Any] = {
            "jql": f"{jql} ORDER BY {order} ASC",
            "fields": list(query.fields),
            "maxResults": query.page,
        }
        if token:
            body["nextPageToken"] = token
        page = as_object(site.client.post(f"{site.api}/search/jql", body).json, "the search")
        issues = [as_object(item, "issues") for item in as_list(page.get("issues"), "the search")]
        for issue in issues:
            take(issue)
        before = len(ids)
        ids |= {text_in(issue, "id") for issue in issues}
        site.client.progress(ReadProgress(query.what, len(ids), total))
        token = text_in(page, "nextPageToken")
        is_last = page.get("isLast") is True or not token
        guard.leave(len(ids) - before, len(ids), None, is_last=is_last)
        if is_last:
            return


def _approximate_count(site: Site, jql: str) -> int | None:
    """Return about how many issues a search has; None when the site does not say."""
    try:
        answer = site.client.post(f"{site.api}/search/approximate-count", {"jql": jql})
    except SourceRefused:
        return None
    return number_in(as_object(answer.json, "the count"), "count")


def _of_board(
    site: Site, jql: str, board: Board, query: IssueQuery, take: Callable[[Item], None]
) -> None:
    path = f"/rest/agile/1.0/board/{board.id}/issue"
    order = "created ASC, key ASC"
    _by_offset(site, path, f"{jql} ORDER BY {order}" if jql else f"ORDER BY {order}", query, take)


def _by_offset(
    site: Site, path: str, jql: str, query: IssueQuery, take: Callable[[Item], None]
) -> None:
    values = {"jql": jql, "fields": ",".join(query.fields)}
    if query.changelog and not site.is_cloud:
        values["expand"] = "changelog"

    def page_of(start: int, size: int) -> str:
        whole = {**values, "startAt": str(start), "maxResults": str(size)}
        return f"{path}?{urlencode(whole)}"

    size = OFFSET_PAGE if query.changelog else query.page
    OffsetReader(site.client, page_of, take, size, query.what).read()
