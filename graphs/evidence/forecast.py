"""Forecast what a team completes in its next sprint by its past sprints, oldest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphs.evidence.commitment import completed_over_committed, with_scope
from graphs.evidence.distribution import Distribution, around
from graphs.evidence.pace import Counted, Sprint, counted, pace_at
from graphs.evidence.spread import Error, scale, squared_error, usual_variance
from graphs.thresholds import DISPERSION, SCOPE_DISPERSION, SMALLEST_MEAN


@dataclass(frozen=True)
class Window:
    """The sprint to come."""

    days: int | None = None
    """Calendar days; None when not known."""
    capacity_share: float | None = None
    """Working time over that of a window without days off, 0..1; None when not known."""

    @property
    def share(self) -> float:
        """Return the share of the working time, 1 when it is not known."""
        return 1.0 if self.capacity_share is None else self.capacity_share


UNKNOWN_WINDOW = Window()


def own_forecast(
    past: Sequence[Sprint], prior: float, window: Window = UNKNOWN_WINDOW
) -> Distribution:
    """Forecast the next sprint by the team's own pace; `prior` is in tasks, see `prior_tasks`."""
    counts = counted(past, prior)
    # Working time scales the pace in proportion. That is an assumption: no public data shows how
    # leave and throughput go together.
    mean = max(SMALLEST_MEAN, window.share * pace_at(counts, window.days, prior))
    errors = [error for _, error in _walk(past, counts, prior)]
    return around(mean, scale(errors) * usual_variance(mean))


def past_forecasts(
    past: Sequence[Sprint], prior: float, newest: int | None = None
) -> Iterator[tuple[Sprint, Distribution]]:
    """Forecast the `newest` past sprints, each from the sprints before it alone; None: all."""
    first = 0 if newest is None else max(0, len(past) - newest)
    counts = counted(past, prior)
    errors: list[Error] = []
    for place, (mean, error) in enumerate(_walk(past, counts, prior, first=0)):
        # Distributing thousands of tasks takes a millisecond, so that only what is asked for is.
        if place >= first:
            yield past[place], around(mean, scale(errors) * usual_variance(mean))
        # Of the first sprint the prior alone was wrong, which says nothing of the team's scatter.
        if place:
            errors.append(error)


def scope_forecast(
    past: Sequence[Sprint], prior: float, window: Window, tasks: int
) -> Distribution:
    """Forecast the next sprint with a scope of `tasks`, by the pace and by past commitments."""
    counts = counted(past, prior)
    errors: list[Error] = []
    for place in range(1, len(past)):
        sprint = past[place]
        if sprint.committed is not None:
            window_then = Window(sprint.days)
            before, counts_before = past[:place], counts[:place]
            mean = _mean_with_scope(before, counts_before, prior, window_then, sprint.committed)
            variance = usual_variance(mean, SCOPE_DISPERSION)
            errors.append(squared_error(sprint.completed_inside, mean, variance))
    mean = _mean_with_scope(past, counts, prior, window, tasks)
    return around(mean, scale(errors) * usual_variance(mean, SCOPE_DISPERSION))


def _mean_with_scope(
    past: Sequence[Sprint], counts: Sequence[Counted], prior: float, window: Window, tasks: int
) -> float:
    pace = window.share * pace_at(counts, window.days, prior)
    return max(SMALLEST_MEAN, with_scope(pace, completed_over_committed(past), tasks))


def _walk(
    past: Sequence[Sprint], counts: Sequence[Counted], prior: float, first: int = 1
) -> Iterator[tuple[float, Error]]:
    """Yield the forecast mean of each sprint from `first` on, and its squared error."""
    for place in range(first, len(past)):
        sprint = past[place]
        mean = max(SMALLEST_MEAN, pace_at(counts[:place], sprint.days, prior))
        # Of an exhausted sprint that was expected to do more nobody knows how many tasks a larger
        # plan would have completed.
        if sprint.exhausted and sprint.completed < mean:
            yield mean, None
        else:
            variance = usual_variance(mean, DISPERSION)
            yield mean, squared_error(sprint.completed, mean, variance)
