"""Order of day and month where the values alone leave it open (docs/adr/0157-order-of-dates.md)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from agent.importing.dates.detection import ColumnReadings, Reading
from agent.importing.dates.formats import EARLIEST, LATEST
from agent.importing.dates.words import usual_order

# Fewer days could lie together by chance.
FEWEST_DAYS = 4
# On how many days of the month a wrong reading puts everything: one for each month of the file.
MOST_MONTH_DAYS = 3
# Finishes before creations that one reading must have, and their share, while another has none.
FEWEST_REVERSED, REVERSED_SHARE = 2, 0.05
# Days of these may lie in the future.
PLANNED = frozenset(("sprint_start", "sprint_end"))


@dataclass(frozen=True, slots=True)
class Vote:
    """Evidence for an order."""

    orders: frozenset[str]
    """Orders that it allows, in lower case: `dmy`, `mdy` or `ymd`."""
    reason: str
    """Clause for people."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """Order of the open columns of a file."""

    order: str | None
    """Order that all evidence allows; None when none or several are left."""
    reason: str
    """Clause for people: why, or what contradicts itself; "" when there is no evidence."""


def order_of(reading: Reading) -> str:
    """Return the order of three numbers in lower case; "" of a month's name and other ways."""
    order = reading.format.order
    return "" if "M" in order else order.lower()


def rule(
    columns: Mapping[str, ColumnReadings],
    reversed_rows: Mapping[str, tuple[int, int]],
    *,
    today: date,
    language: str,
) -> Ruling:
    """Rule on the order of the columns that can be read in several, by all their evidence.

    `reversed_rows` has, by order, the tasks that are finished before they are created and all
    tasks with both days.
    """
    first, *others = [set(map(order_of, column.readings)) for column in columns.values()]
    possible = frozenset(first.intersection(*others))
    order = "" if language == "en" else usual_order(language)
    votes: list[Vote | None] = []
    for field, column in columns.items():
        if field not in PLANNED:
            votes.append(_vote(column, lambda reading: not _future(reading, today), _in_future))
        votes.append(_span(column))
        votes.append(_years(column))
        if column.american and language == "en":
            votes.append(Vote(frozenset(("mdy",)), "AM or PM stands in each"))
        if order != "ymd" and all("." in reading.format.name for reading in column.readings):
            votes.append(Vote(frozenset(("dmy",)), "dots stand between the numbers"))
    votes.append(_reversed(reversed_rows))
    restrictive = [vote for vote in votes if vote and vote.orders < possible]
    if not restrictive and order:
        restrictive = [Vote(frozenset((order,)), "the language of the file writes them so")]
    allowed = possible.intersection(*(vote.orders for vote in restrictive))
    reasons = list(dict.fromkeys(vote.reason for vote in restrictive))
    return Ruling(next(iter(allowed)) if len(allowed) == 1 else None, " and ".join(reasons[:2]))


def _vote(
    column: ColumnReadings,
    plausible: Callable[[Reading], bool],
    reason: Callable[[ColumnReadings], str],
) -> Vote | None:
    orders = frozenset(order_of(reading) for reading in column.readings if plausible(reading))
    return Vote(orders, reason(column)) if orders else None


def _future(reading: Reading, today: date) -> int:
    return sum(count for day, count in reading.days.items() if today < day <= LATEST)


def _in_future(_: ColumnReadings) -> str:
    return "the other way days lie in the future"


def _span(column: ColumnReadings) -> Vote | None:
    """Vote for a reading within a short time when the others spread on the same few days."""
    spans = {reading: _days(reading) for reading in column.readings}
    if any(len(days) < FEWEST_DAYS for days in spans.values()):
        return None
    best = min(column.readings, key=lambda reading: _length(spans[reading]))
    length, month_days = _length(spans[best]), len({day.day for day in spans[best]})
    for reading, days in spans.items():
        others = len({day.day for day in days})
        if reading is not best and (
            others > MOST_MONTH_DAYS or month_days < 2 * others or _length(days) < 3 * length + 30
        ):
            return None
    return Vote(frozenset((order_of(best),)), f"so read they lie within {length + 1} days")


def _years(column: ColumnReadings) -> Vote | None:
    """Vote against readings that spread over several times as many years as another."""
    years = {reading: len({day.year for day in _days(reading)}) for reading in column.readings}
    fewest = min(years.values())
    return _vote(
        column,
        lambda reading: years[reading] <= 2 * fewest,
        lambda _: f"so read they are of {fewest} years",
    )


def _days(reading: Reading) -> list[date]:
    return [day for day in reading.days if EARLIEST <= day <= LATEST]


def _length(days: list[date]) -> int:
    return (max(days) - min(days)).days


def _reversed(rows: Mapping[str, tuple[int, int]]) -> Vote | None:
    none = frozenset(order for order, (wrong, _) in rows.items() if not wrong)
    others = [counts for order, counts in rows.items() if order not in none]
    if not none or any(
        wrong < FEWEST_REVERSED or wrong < REVERSED_SHARE * pairs for wrong, pairs in others
    ):
        return None
    return Vote(none, "the other way tasks are finished before they are created")
