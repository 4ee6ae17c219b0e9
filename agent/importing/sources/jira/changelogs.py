"""Changelogs of issues: moves between statuses and between sprints."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from sys import intern
from typing import Any

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.jira.offset_pages import read_values
from agent.importing.sources.jira.site import Site
from agent.importing.sources.paging import PageGuard
from agent.importing.sources.shapes import as_object, objects_in, text_in
from agent.importing.sources.source_request import ReadProgress
from agent.importing.sources.sprint_dates import moment_of

BATCH = 500
_MAX_ENTRIES = 1000


@dataclass
class Moves:
    """Moves of one issue, by the id of their entry in the changelog."""

    statuses: dict[str, tuple[datetime, str, str]] = field(
        default_factory=dict[str, tuple[datetime, str, str]]
    )
    """Moments, with the id and the name of the status from then on."""
    sprints: dict[str, tuple[datetime, str, str]] = field(
        default_factory=dict[str, tuple[datetime, str, str]]
    )
    """Moments, with the ids of the sprints before and from then on, between commas."""

    def add(self, histories: Iterable[Mapping[str, Any]], sprint_fields: Sequence[str]) -> None:
        """Take in entries of a changelog; one that comes twice counts once."""
        for history in histories:
            moment = _moment(history.get("created"))
            if moment is None:
                continue
            for position, item in enumerate(objects_in(history, "items")):
                key = f"{text_in(history, 'id') or moment.isoformat()}:{position}"
                kind = text_in(item, "fieldId") or text_in(item, "field")
                if kind == "status":
                    name = intern(text_in(item, "toString"))
                    self.statuses[key] = (moment, text_in(item, "to"), name)
                elif kind in sprint_fields or text_in(item, "field") == "Sprint":
                    self.sprints[key] = (moment, text_in(item, "from"), text_in(item, "to"))

    def sprints_at(self, moment: datetime) -> str | None:
        """Return the ids of the sprints at a moment, between commas; None when it never moved."""
        moves = sorted(self.sprints.values(), key=lambda move: move[0])
        if not moves:
            return None
        before = [after for at, _, after in moves if at <= moment]
        return before[-1] if before else moves[0][1]


def read_changelogs(site: Site, moves: Mapping[str, Moves], sprint_fields: Sequence[str]) -> None:
    """Read the changelogs of issues by their ids into their moves (Jira Cloud).

    Raises: `SourceRefused`, `SourceUnavailable`.
    """
    keys = list(moves)
    for start in range(0, len(keys), BATCH):
        batch = keys[start : start + BATCH]
        try:
            for key, histories in _bulk(site, batch, sprint_fields):
                if key in moves:
                    moves[key].add(histories, sprint_fields)
        except SourceRefused as error:
            # A site or a token without the bulk route: one request an issue then.
            if error.answer_status not in (403, 404, 405, 410):
                raise
            for key in batch:
                path = f"{site.api}/issue/{key}/changelog"
                moves[key].add(read_values(site.client, path, "changelog"), sprint_fields)
        site.client.progress(ReadProgress("changelogs", start + len(batch), len(keys)))


def _bulk(
    site: Site, keys: list[str], sprint_fields: Sequence[str]
) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    guard, token = PageGuard(f"changelogs of {site.client.base}"), ""
    while True:
        guard.enter(token)
        body: dict[str, Any] = {"issueIdsOrKeys": keys, "maxResults": _MAX_ENTRIES}
        body["fieldIds"] = ["status", *sprint_fields][:10]
        if token:
            body["nextPageToken"] = token
        page = as_object(
            site.client.post(f"{site.api}/changelog/bulkfetch", body).json, "the changelogs"
        )
        for log in objects_in(page, "issueChangeLogs"):
            yield text_in(log, "issueId"), objects_in(log, "changeHistories")
        token = text_in(page, "nextPageToken")
        if not token:
            return


def _moment(value: Any) -> datetime | None:
    """Read an ISO text, or milliseconds since the epoch, as the bulk route writes them."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**14:
        return datetime.fromtimestamp(value / 1000, UTC)
    return moment_of(value) if isinstance(value, str) else None
