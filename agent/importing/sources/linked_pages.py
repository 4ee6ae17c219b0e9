"""Lists by pages that name the next one in a header, as GitHub and GitLab do."""

import re
from collections.abc import Mapping
from typing import Any

from agent.importing.sources.paging import PageGuard
from agent.importing.sources.requests import TrackerClient
from agent.importing.sources.shapes import as_list, as_object, number_in
from agent.importing.sources.source_request import ReadProgress

PAGE = 100
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,<]*\brel="?next"?')


def read_linked(
    client: TrackerClient, path: str, params: Mapping[str, str | int], number: str, what: str
) -> dict[int, Mapping[str, Any]]:
    """Read the objects of all pages, by the number in the field `number`, the lowest first.

    The list must be sorted by this number. An object on two pages counts once, as it came last.
    Raises: `SourceRefused`, `SourceUnavailable`.
    """
    objects: dict[int, Mapping[str, Any]] = {}
    guard = PageGuard(f"{what} of {client.base}")
    previous, url, last = "", client.address(path, {**params, "per_page": PAGE}), 0
    while url:
        guard.enter(url)
        answer = client.get(url)
        page = _numbered(answer.json, number, what)
        if previous and page and min(page) > last + 1:
            # A number is missing between two pages. An issue deleted meanwhile moves the others
            # up, one of them over the border: the page before shows it.
            objects |= _numbered(client.get(previous).json, number, what)
        new = len(page.keys() - objects.keys())
        objects |= page
        last = max(page, default=last)
        total = _total(answer.headers)
        client.progress(ReadProgress(what, len(objects), total))
        previous, url = url, next_url(answer.headers)
        guard.leave(new, len(objects), total, is_last=not url)
    return dict(sorted(objects.items()))


def next_url(headers: Mapping[str, str]) -> str:
    """Return the address of the next page; "" on the last one."""
    match = _NEXT.search(headers.get("link", ""))
    return match[1] if match else ""


def _total(headers: Mapping[str, str]) -> int | None:
    text = headers.get("x-total", "")
    return int(text) if re.fullmatch(r"[0-9]{1,12}", text) else None


def _numbered(page: Any, number: str, what: str) -> dict[int, Mapping[str, Any]]:
    objects = [as_object(item, what) for item in as_list(page, what)]
    return {key: item for item in objects if (key := number_in(item, number)) is not None}
