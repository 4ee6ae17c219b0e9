"""Bounds on pages: a list that repeats itself, never ends or exceeds its own total stops."""

from dataclasses import dataclass, field

from agent.importing.sources.errors import SourceRefused
from agent.importing.sources.limits import MAX_PAGES


@dataclass
class PageGuard:
    """Watch over the pages of one list."""

    what: str
    """The list, such as `issues of https://team.atlassian.net`."""
    marks: set[str] = field(default_factory=set[str])
    """Marks of the pages so far, such as a token or an offset."""
    barren: int = 0
    """Pages in a row without anything new."""

    def enter(self, mark: str) -> None:
        """Pass to the page of a mark. Raises: `SourceRefused` when it was read before."""
        if mark in self.marks:
            raise self._endless("refers back to a page that was read before")
        if len(self.marks) >= MAX_PAGES:
            raise self._endless(f"has more than {MAX_PAGES:,} pages")
        self.marks.add(mark)

    def leave(self, new: int, read: int, total: int | None, *, is_last: bool) -> None:
        """Judge a page that brought `new` things, `read` so far, of a stated total.

        Raises: `SourceRefused` when more pages bring nothing, or more than was stated.
        """
        if is_last:
            return
        self.barren = 0 if new else self.barren + 1
        if self.barren > 1:
            raise self._endless("repeats the same page")
        # Things are made while the list is read, so the newest total counts.
        if total is not None and read > total:
            raise self._endless(f"goes on after the {total:,} that it states")

    def _endless(self, reason: str) -> SourceRefused:
        return SourceRefused(
            f"The list of {self.what} {reason}. Nothing was stored: try again, and when it happens "
            "once more, tell the people who run the tracker."
        )
