"""Lists of Jira by offset, such as boards, sprints, and the issues of Jira Server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.limits import MAX_STEPS_BACK
from agent.importing.sources.paging import PageGuard
from agent.importing.sources.requests import BodyTooLarge, TrackerClient
from agent.importing.sources.shapes import as_list, as_object, number_in, text_in
from agent.importing.sources.source_request import ReadProgress

PAGE = 50

Item = Mapping[str, Any]


def read_values(client: TrackerClient, path: str, what: str) -> list[Item]:
    """Read the `values` of all pages of a short list, each id once. Raises: `SourceRefused`."""
    guard = PageGuard(f"{what} of {client.base}")
    values: dict[str, Item] = {}
    start = 0
    while True:
        guard.enter(str(start))
        joint = "&" if "?" in path else "?"
        answer = client.get(f"{path}{joint}startAt={start}&maxResults={PAGE}")
        page = as_object(answer.json, what)
        items = [as_object(item, what) for item in as_list(page.get("values"), what)]
        new = {text_in(item, "id"): item for item in items}
        count = len(new.keys() - values.keys())
        values |= new
        start += len(items)
        is_last = page.get("isLast") is True or not items
        guard.leave(count, len(values), None, is_last=is_last)
        if is_last:
            return list(values.values())


@dataclass
class OffsetReader:
    """Reader of issues by offset, with one issue of the page before on each page.

    The one tells whether the list moved meanwhile, as an issue that was deleted moves all after it.
    """

    client: TrackerClient
    """Client of the site."""
    page_of: Callable[[int, int], str]
    """Address of the page at an offset with a length."""
    take: Callable[[Item], None]
    """Takes each issue; the same one may come again."""
    size: int = PAGE
    """Issues that are asked for at once; fewer when a page is too large."""
    what: str = "issues"
    """Name of what is read, for people."""
    order: list[str] = field(default_factory=list[str])
    """Ids of the issues so far, in the order of the list."""

    def read(self) -> None:
        """Read all pages. Raises: `SourceRefused`, `SourceUnavailable`."""
        guard = PageGuard(f"issues of {self.client.base}")
        steps_back, total = 0, None
        while total is None or len(self.order) < total:
            start = max(0, len(self.order) - 1)
            try:
                page = as_object(self.client.get(self.page_of(start, self.size)).json, "issues")
            except BodyTooLarge:
                if self.size == 1:
                    raise
                self.size //= 2
                continue
            total = number_in(page, "total")
            issues = [as_object(item, "issues") for item in as_list(page.get("issues"), "issues")]
            ids = [text_in(issue, "id") for issue in issues]
            if self.order and ids[:1] != self.order[-1:]:
                steps_back += 1
                if steps_back > MAX_STEPS_BACK:
                    raise SourceRefused(
                        f"The issues of {self.client.base} change faster than they are read, or "
                        "its pages repeat. Nothing was stored: try again at a quieter time."
                    )
                del self.order[-max(self.size, 1) :]
                continue
            new = issues[1:] if self.order else issues
            for issue in new:
                self.take(issue)
            guard.enter(f"{steps_back}:{len(self.order)}")
            self.order += [text_in(issue, "id") for issue in new]
            self.client.progress(ReadProgress(self.what, len(self.order), total))
            if not new:
                return
