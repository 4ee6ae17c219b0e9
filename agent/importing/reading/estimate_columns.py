"""Columns of estimates: of those that hold numbers and those that hold times, one kind is read."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent.importing.meaning.cell_text import cell_text
from agent.importing.meaning.estimates import MAX_ESTIMATE, Comma, estimate_of, is_doubtful
from agent.importing.meaning.work_times import DAYS_OF_WEEK, HOURS_OF_DAY, hours_of
from agent.importing.notices import Notice
from agent.importing.profiles.names import normalised
from agent.importing.profiles.profile import Profile
from agent.importing.reading.mapping import MappedColumn
from domain_services.kernel.words import listed

_UNITS = {8.0: "days", 1.0: "hours", 1 / 60: "minutes", 1 / 3600: "seconds"}
_DECIMALS = 4


@dataclass(slots=True)
class EstimateSamples:
    """Estimates that the first pass has seen, by the position of their column."""

    numbers: Counter[int] = field(default_factory=Counter[int])
    """Numbers above 0."""
    times: Counter[int] = field(default_factory=Counter[int])
    """Times with their units."""
    kinds: dict[str, Counter[int] | None] = field(default_factory=dict[str, "Counter[int] | None"])
    """Counter of each text; None: it is neither."""
    first: dict[int, str] = field(default_factory=dict[int, str])
    """First text."""

    def add(self, position: int, cell: str) -> None:
        """Count a cell that is not empty."""
        if cell not in self.kinds:
            self.kinds[cell] = self._kind(cell_text(cell))
        if position not in self.first and (text := cell_text(cell)):
            self.first[position] = text
        if (kind := self.kinds[cell]) is not None:
            kind[position] += 1

    def _kind(self, text: str) -> Counter[int] | None:
        if hours_of(text) is not None:
            return self.times
        return self.numbers if is_doubtful(text) or estimate_of(text, most=math.inf) else None


@dataclass(frozen=True, slots=True)
class EstimateReader:
    """Reader of the texts of estimates."""

    comma: Comma | None = None
    """Meaning of a comma; None when nothing tells it."""
    are_times: bool = False
    """True when estimates are times; they are read as hours."""
    hours_of_number: float | None = None
    """Hours of a number without a unit among times; None: it is no time."""

    def read(self, text: str) -> float | None:
        """Return an estimate; None when the text is none of the kind that is read."""
        if not self.are_times:
            return estimate_of(text, self.comma)
        if (hours := hours_of(text)) is not None:
            return hours
        number = estimate_of(text, self.comma, math.inf)
        if number == 0:
            # Nothing is as little in points as in hours.
            return number
        if number is None or self.hours_of_number is None:
            return None
        hours = round(number * self.hours_of_number, _DECIMALS)
        return hours if hours <= MAX_ESTIMATE else None


POINTS = EstimateReader()


@dataclass(frozen=True, slots=True)
class ChosenEstimates:
    """Column, or columns, that estimates are read from."""

    column: MappedColumn | None = None
    """The columns of the one kind; None without any."""
    reader: EstimateReader = POINTS
    """Reader of their texts."""
    sample: str | None = None
    """First text; None when there is none."""
    notices: tuple[Notice, ...] = ()
    """What a unit is, and which column of the other kind is not read."""


NO_ESTIMATES = ChosenEstimates()


def choose_estimates(
    column: MappedColumn, samples: EstimateSamples, profile: Profile, comma: Comma | None
) -> ChosenEstimates:
    """Choose points or times, whichever more cells are; of times one column is read.

    `comma` is the meaning of a comma in the estimates; None when nothing tells it.
    """
    names = {place: column.name_at(at) for at, place in enumerate(column.positions)}
    units = {place: profile.estimate_hours.get(normalised(name)) for place, name in names.items()}
    times = {place: _times(place, units[place], samples) for place in names}
    points = [place for place in names if not times[place] and units[place] is None]
    best = max(times, key=lambda place: times[place])
    numbers = sum(samples.numbers[place] for place in points)
    if points and times[best] <= numbers:
        others = [name for place, name in names.items() if times[place]]
        return ChosenEstimates(
            _only(column, points),
            EstimateReader(comma),
            _sample(points, samples),
            _unread(others, "times", [names[place] for place in points]) if others else (),
        )
    others = [name for place, name in names.items() if place in points and samples.numbers[place]]
    return ChosenEstimates(
        _only(column, [best]),
        EstimateReader(comma, are_times=True, hours_of_number=units[best]),
        _sample([best], samples),
        (
            *_unit_notices(names[best], units[best], samples, best),
            *(_unread(others, "points", [names[best]]) if others else ()),
        ),
    )


def _times(place: int, hours: float | None, samples: EstimateSamples) -> int:
    """Count the times of a column; 0 for one of points."""
    numbers, times = samples.numbers[place], samples.times[place]
    if hours is not None:
        return numbers + times
    return times if times > numbers else 0


def _only(column: MappedColumn, places: Sequence[int]) -> MappedColumn:
    pairs = [(column.name_at(at), at) for at in range(len(column.positions))]
    pairs = [(name, at) for name, at in pairs if column.positions[at] in places]
    return replace(
        column,
        header=pairs[0][0],
        positions=tuple(column.positions[at] for _, at in pairs),
        headers=tuple(name for name, _ in pairs),
    )


def _sample(places: Sequence[int], samples: EstimateSamples) -> str | None:
    return next((samples.first[place] for place in places if place in samples.first), None)


def _unit_notices(
    name: str, hours: float | None, samples: EstimateSamples, place: int
) -> tuple[Notice, ...]:
    """Say what a unit is; nothing where no time was estimated."""
    has_numbers = bool(samples.numbers[place])
    if not has_numbers and not samples.times[place]:
        return ()
    unit = _UNITS.get(hours or 0, "milliseconds")
    numbers = f" A number without a unit is {unit}." if hours and has_numbers else ""
    return (
        Notice(
            f"The estimates in {name!r} are times: one unit is an hour of work, a day has "
            f"{HOURS_OF_DAY:g} hours and a week {DAYS_OF_WEEK} days.{numbers}"
        ),
    )


def _unread(others: Sequence[str], kind: str, read: Sequence[str]) -> tuple[Notice, ...]:
    names = dict.fromkeys(others)
    return (
        Notice(
            f"Estimates are those in {listed(list(map(repr, dict.fromkeys(read))))}. The {kind} in "
            f"{listed(list(map(repr, names)))} are another unit and are not read; "
            f'--map "estimate={next(iter(names))}" takes them instead.'
        ),
    )
