"""Issues of a board: by the search of Jira Cloud, by that of Jira Server, or of the board."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.jira.boards import Board
from agent.importing.sources.jira.field_ids import FieldIds
from agent.importing.sources.jira.offset_pages import Item, OffsetReader
from agent.importing.sources.jira.site import Site
from agent.importing.sources.paging import PageGuard
from agent.importing.sources.shapes import as_list, as_object, number_in, text_in
from agent.importing.sources.source_request import ReadProgress

PAGE = 100
# JQL reads a moment in the zone of the account, which may lie up to 14 hours beside UTC.
_MARGIN = timedelta(hours=15)


def read_issues(
    site: Site,
    board: Board,
    fields: FieldIds,
    query: str,
    since: datetime | None,
    take: Callable[[Item], None],
) -> None:
    """Hand each issue of a board to `take`; the same one may come again.

    Raises: `SourceRefused`, `SourceUnavailable`.
    """
    conditions = [f"({query})"] if query else []
    if since is not None:
        moment = since - _MARGIN
        conditions.append(f'updated >= "{moment:%Y-%m-%d %H:%M}"')
    if board.filter:
        jql = " AND ".join([f"filter = {board.filter}", *conditions])
        try:
            _search(site, jql, board, fields, take)
            return
        except SourceRefused as error:
            # The board is visible, but its filter is not shared with this account.
            if error.answer_status != 400 or query:
                raise
    _of_board(site, " AND ".join(conditions), board, fields, take)


def _search(
    site: Site, jql: str, board: Board, fields: FieldIds, take: Callable[[Item], None]
) -> None:
    if not site.is_cloud:
        # By creation, which never changes: pages by offset must not move.
        _by_offset(site, f"{site.api}/search", f"{jql} ORDER BY created ASC, key ASC", fields, take)
        return
    order = f"cf[{board.rank}]" if board.rank else "created"
    _by_token(site, jql, order, fields, take)


def _by_token(
    site: Site, jql: str, order: str, fields: FieldIds, take: Callable[[Item], None]
) -> None:
    total = _approximate_count(site, jql)
    guard, token, ids = PageGuard(f"issues of {site.client.base}"), "", set[str]()
    while True:
        guard.enter(token)
        body: dict[str, Any] = {
            "jql": f"{jql} ORDER BY {order} ASC",
            "fields": list(fields.all),
            "maxResults": PAGE,
        }
        if token:
            body["nextPageToken"] = token
        page = as_object(site.client.post(f"{site.api}/search/jql", body).json, "the search")
        issues = [as_object(item, "issues") for item in as_list(page.get("issues"), "the search")]
        for issue in issues:
            take(issue)
        before = len(ids)
        ids |= {text_in(issue, "id") for issue in issues}
        site.client.progress(ReadProgress("issues", len(ids), total))
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
    site: Site, jql: str, board: Board, fields: FieldIds, take: Callable[[Item], None]
) -> None:
    path = f"/rest/agile/1.0/board/{board.id}/issue"
    order = "created ASC, key ASC"
    _by_offset(site, path, f"{jql} ORDER BY {order}" if jql else f"ORDER BY {order}", fields, take)


def _by_offset(
    site: Site, path: str, jql: str, fields: FieldIds, take: Callable[[Item], None]
) -> None:
    values = {"jql": jql, "fields": ",".join(fields.all)}
    if not site.is_cloud:
        values["expand"] = "changelog"

    def page_of(start: int, size: int) -> str:
        whole = {**values, "startAt": str(start), "maxResults": str(size)}
        return f"{path}?{urlencode(whole)}"

    OffsetReader(site.client, page_of, take).read()
