"""Forecast how many of the open tasks are finished: by their chances, and by the own pace.

Both are walked forward over the project's past windows, so that the gate sees which one erred less.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from domain_services.backlog.planning_schema import TaskAges
from graphs.evidence.chances import chances_now, chances_of_counts
from graphs.evidence.distribution import Distribution, around
from graphs.evidence.forecast import past_forecasts
from graphs.evidence.pace import Sprint
from graphs.evidence.payoff import Pair
from graphs.evidence.spread import scale, squared_error
from graphs.thresholds import LOOK_BACK_WINDOWS, RECORD_WINDOWS, SMALLEST_MEAN

# Chances are counted over all past windows, also those that followed no past.
NOTHING_UNFORESEEN = 0.0
LEAST_VARIANCE = 0.3  # tasks^2; a forecast of almost no task would call any outcome impossible


@dataclass(frozen=True)
class WindowForecast:
    """Sum of the chances of the tasks that were open at one moment."""

    mean: float
    """Expected finished tasks."""
    variance: float
    """Variance if tasks were finished independently of each other."""


@dataclass(frozen=True)
class BacklogForecast:
    """Forecast of the open tasks, and the errors of past ones."""

    distribution: Distribution
    """Tasks of those now open that are finished in the next window."""
    pairs: tuple[Pair, ...]
    """Past windows with the plan by the own pace, the one by chances, and the outcome."""


def backlog_forecast(ages: TaskAges, prior: float, share: float = 1.0) -> BacklogForecast | None:
    """Forecast the open tasks by the sum of their chances; None when the past is too short.

    `prior` is in tasks, see `prior_tasks`; `share` is the working time of the window over a usual
    one, 0..1.
    """
    if not chances_now(ages).own:
        return None
    forecasts = list(_walk(ages))
    outcomes, errors = _outcomes(ages), _errors(ages, forecasts)
    recent = errors[-RECORD_WINDOWS:]
    now = forecasts[-1]
    distribution = around(
        now.mean * share, scale(recent) * now.variance * share, NOTHING_UNFORESEEN
    )
    plans = {
        place: around(
            forecasts[place].mean,
            scale(errors[max(0, place - RECORD_WINDOWS) : place]) * forecasts[place].variance,
            NOTHING_UNFORESEEN,
        )
        for place in range(max(0, len(outcomes) - RECORD_WINDOWS), len(outcomes))
    }
    return BacklogForecast(distribution, tuple(_pairs(ages, plans, outcomes, prior)))


def chosen_forecast(chances: Sequence[float], ages: TaskAges) -> Distribution:
    """Forecast how many tasks of the given chances are finished, with the spread of the backlog."""
    errors = _errors(ages, list(_walk(ages)))
    variance = max(LEAST_VARIANCE, sum(chance * (1 - chance) for chance in chances))
    return around(sum(chances), scale(errors[-RECORD_WINDOWS:]) * variance, NOTHING_UNFORESEEN)


def _outcomes(ages: TaskAges) -> list[int]:
    """Return how many of the tasks open at its start each past window finished."""
    return [sum(window.finished) for window in ages.windows]


def _errors(ages: TaskAges, forecasts: Sequence[WindowForecast]) -> list[float]:
    """Return the squared errors of the past windows; the last forecast is of the next one."""
    return [
        squared_error(outcome, forecast.mean, forecast.variance)
        for outcome, forecast in zip(_outcomes(ages), forecasts[:-1], strict=True)
    ]


def _pairs(
    ages: TaskAges, plans: Mapping[int, Distribution], outcomes: Sequence[int], prior: float
) -> Iterator[Pair]:
    # Windows before the first finished task say nothing about a team's pace.
    first = next((place for place, count in enumerate(outcomes) if count), len(outcomes))
    past = [Sprint(count, ages.days) for count in outcomes[first:]]
    start = max(first, len(outcomes) - RECORD_WINDOWS)
    forecasts = past_forecasts(past, prior, RECORD_WINDOWS)
    for place, (sprint, pace) in enumerate(forecasts, start=start):
        if place == first:
            continue
        most = sum(ages.windows[place].open)
        rule, evidence = pace.quantile(0.5), plans[place].quantile(0.5)
        yield Pair(min(rule, most), min(evidence, most), sprint.completed)


def _walk(ages: TaskAges) -> Iterator[WindowForecast]:
    """Forecast each past window from those before it, and last the window that begins now."""
    open_counts = _sums_by_class([window.open for window in ages.windows], len(ages.class_borders))
    finished = _sums_by_class([window.finished for window in ages.windows], len(ages.class_borders))
    for place, tasks in enumerate([*(window.open for window in ages.windows), ages.open_tasks]):
        first = max(0, place - LOOK_BACK_WINDOWS)
        chances = chances_of_counts(
            [
                (float(sums[place] - sums[first]), float(done[place] - done[first]))
                for sums, done in zip(open_counts, finished, strict=True)
            ]
        )
        mean = sum(count * p for count, p in zip(tasks, chances, strict=True))
        variance = sum(count * p * (1 - p) for count, p in zip(tasks, chances, strict=True))
        yield WindowForecast(max(SMALLEST_MEAN, mean), max(LEAST_VARIANCE, variance))


def _sums_by_class(counts: Sequence[Sequence[int]], classes: int) -> list[list[int]]:
    """Sum the counts of each class from the first window up to each place."""
    return [
        list(accumulate((count[place] for count in counts), initial=0)) for place in range(classes)
    ]
