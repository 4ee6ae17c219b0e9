"""Days of a history: windows of one length, sprints of the tracker, and the gaps between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from agent.importing.tasks import TrackerSprint

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a window or of a sprint, both ends included."""

    start: date
    """First day."""
    end: date
    """Last day."""
    sprint: TrackerSprint | None = None
    """Sprint of the tracker; None for a window."""
    until: date | None = None
    """Last day of the gap behind it that is too short for a window; None without one."""

    @property
    def days(self) -> int:
        """Length in days, without the gap."""
        return (self.end - self.start).days + 1

    @property
    def counted_until(self) -> date:
        """Last day whose finished tasks count for it."""
        return self.until or self.end


@dataclass(frozen=True, slots=True)
class Block:
    """Days that no window may cover."""

    start: date
    """First day."""
    end: date
    """Last day."""
    sprint: TrackerSprint | None = None
    """Past sprint of the tracker; None for another sprint, which is no part of the history."""


def spans_before(first: date, end: date, days: int) -> list[Span]:
    """Return the windows that end before `end` in a row, the oldest with the day `first` in it."""
    count = max(0, -((first - end).days // days))
    starts = [end - timedelta(days * (count - index)) for index in range(count)]
    return [Span(start, start + timedelta(days - 1)) for start in starts]


def spans_around(blocks: Sequence[Block], first: date, day: date, cadence_days: int) -> list[Span]:
    """Return the past sprints of the tracker, and whole windows in the days between the blocks.

    Windows before the first block end where it begins, and go back to the day `first`; all others
    begin where a block ends. The days of a gap too short for a window count for the span before.
    """
    ordered = sorted(blocks, key=lambda block: (block.start, block.end))
    cursor = min(ordered[0].start, day) if ordered else day
    spans = spans_before(first, cursor, cadence_days)
    follows_span = bool(spans)
    for block in ordered:
        windows = list(whole_windows(cursor, min(block.start, day), cadence_days))
        spans += windows
        if windows or follows_span:
            spans[-1] = _with_gap(spans[-1], cursor, min(block.start, day))
        if block.sprint is not None:
            spans.append(Span(block.start, block.end, block.sprint))
        follows_span = block.sprint is not None or (follows_span and block.end < cursor)
        cursor = max(cursor, block.end + DAY)
    windows = list(whole_windows(cursor, day, cadence_days))
    spans += windows
    if windows or follows_span:
        spans[-1] = _with_gap(spans[-1], cursor, day)
    return spans


def whole_windows(first: date, end: date, cadence_days: int) -> Iterator[Span]:
    """Yield the windows from `first` on that end before `end`, whole ones only."""
    length = timedelta(days=cadence_days)
    while first + length <= end:
        yield Span(first, first + length - DAY)
        first += length


def _with_gap(span: Span, cursor: date, end: date) -> Span:
    """Let the days up to `end`, exclusive, count for a span, if there are any from `cursor` on."""
    last = end - DAY
    return replace(span, until=last) if last >= cursor and last > span.end else span
