"""Days of sprints that are known by their names alone, inferred from the finish days of tasks."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from statistics import median_low

DAY = timedelta(days=1)
# Between the ends of sprints, from which their typical length is told.
LEAST_GAPS = 2
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class InferredDays:
    """Inferred days of a sprint."""

    start: date
    """First day."""
    end: date
    """Day of the last finish, or a day before it where the next sprint began."""


def infer_days(
    finishes: Mapping[str, Sequence[date]], earliest: date, cadence_days: int
) -> dict[str, InferredDays]:
    """Infer the days of sprints from the finish days of their tasks, one day at least each.

    The sprints follow each other without an overlap, in the order of their median finish. A sprint
    ends where the fewest finishes are on the wrong side. It begins after the one before, or at most
    two typical lengths before its end. No sprint begins before `earliest`, unless its first finish
    does.
    """
    # docs/adr/0161-tracker-sprints-as-history.md
    days = {name: sorted(dates) for name, dates in finishes.items() if dates}
    names = sorted(days, key=lambda name: (median_low(days[name]), natural(name)))
    ends = _ends([days[name] for name in names])
    gaps = sorted((later - earlier).days for earlier, later in pairwise(ends))
    typical = median_low(gaps) if len(gaps) >= LEAST_GAPS else cadence_days
    inferred: dict[str, InferredDays] = {}
    before: date | None = None
    for name, end in zip(names, ends, strict=True):
        first = min(max(earliest, end - timedelta(typical - 1)), days[name][0], end)
        if before is not None:
            # Teams go from one sprint to the next; after a long pause they begin anew.
            long_ago = end - before > timedelta(2 * typical)
            first = max(before + DAY, first) if long_ago else before + DAY
        inferred[name] = InferredDays(first, end)
        before = end
    return inferred


def natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts names by their words and numbers: `Sprint 9` before `Sprint 10`."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part.casefold())
        for part in _NUMBERS.split(name)
    ]


def _ends(days: Sequence[Sequence[date]]) -> list[date]:
    """Return the last day of each sprint, each later than the one before."""
    ends: list[date] = []
    for place, own in enumerate(days):
        end = own[-1] if place + 1 == len(days) else _border(own, days[place + 1])
        ends.append(max(end, ends[-1] + DAY) if ends else end)
    return ends


def _border(own: Sequence[date], following: Sequence[date]) -> date:
    """Return the day after which the fewest finishes of two sprints are on the wrong side."""

    def misplaced(day: date) -> int:
        return len(own) - bisect_right(own, day) + bisect_left(following, day + DAY)

    # Of equally good days the first one: a sprint ends with its last finish.
    return min(dict.fromkeys(own), key=misplaced)
