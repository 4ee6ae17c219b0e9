"""Interleaved measurements: each path beside its floor, so that a noisy machine hits both alike."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Path = Callable[[], Awaitable[object]]

LEAST_ROUNDS = 3


@dataclass(frozen=True)
class Latency:
    """Milliseconds over `n` calls, one after the other."""

    n: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Samples:
    """Seconds of single calls, round by round."""

    rounds: tuple[tuple[float, ...], ...]

    def latency(self) -> Latency:
        """Percentiles over all rounds."""
        seconds = [sample for one in self.rounds for sample in one]
        # `statistics.quantiles` takes two values at least.
        if len(seconds) == 1:
            seconds *= 2
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        p50, p95, p99 = (round(cuts[index] * 1000, 3) for index in (49, 94, 98))
        return Latency(sum(map(len, self.rounds)), p50, p95, p99)


@dataclass(frozen=True)
class Goal:
    """A bound of a ratio, or of a figure that has no floor."""

    sign: Literal["<=", ">="]
    bound: float

    def reached(self, value: float) -> bool:
        return value <= self.bound if self.sign == "<=" else value >= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}"


@dataclass(frozen=True)
class Figure:
    """One line of the report. `value` is what the goal is about: a ratio to the floor, or a share.

    `ours` and `floor` are latencies, or calls a second; None where there is nothing to show.
    """

    name: str
    value: float
    goal: Goal | None
    ours: Latency | float | None = None
    floor: Latency | float | None = None

    @property
    def reached(self) -> bool | None:
        """None when there is no goal."""
        return None if self.goal is None else self.goal.reached(self.value)

    def to_json(self) -> dict[str, object]:
        goal = None if self.goal is None else str(self.goal)
        return asdict(self) | {"goal": goal, "reached": self.reached}


def at_most(bound: float) -> Goal:
    return Goal("<=", bound)


def at_least(bound: float) -> Goal:
    return Goal(">=", bound)


def p50_ratio(ours: Samples, floor: Samples) -> float:
    """The median of the ratios of the medians, round by round."""
    ratios = [
        statistics.median(a) / statistics.median(b)
        for a, b in zip(ours.rounds, floor.rounds, strict=True)
    ]
    return round(statistics.median(ratios), 2)


def p99_ratio(ours: Samples, floor: Samples) -> float:
    """The ratio of the 99th percentiles over all rounds; one round has too few calls for one."""
    return round(ours.latency().p99 / floor.latency().p99, 2)


def rate_ratio(ours: Sequence[float], floor: Sequence[float]) -> float:
    """The median of the ratios of the rates, round by round."""
    return round(statistics.median(a / b for a, b in zip(ours, floor, strict=True)), 2)


def p50_figure(name: str, ours: Samples, floor: Samples, goal: Goal | None) -> Figure:
    return Figure(name, p50_ratio(ours, floor), goal, ours.latency(), floor.latency())


def p99_figure(name: str, ours: Samples, floor: Samples, goal: Goal | None) -> Figure:
    return Figure(name, p99_ratio(ours, floor), goal, ours.latency(), floor.latency())


def rate_figure(
    name: str, ours: Sequence[float], floor: Sequence[float], goal: Goal | None
) -> Figure:
    """`ours` and `floor` are calls a second, one for each round."""
    middle = (round(statistics.median(rates), 1) for rates in (ours, floor))
    return Figure(name, rate_ratio(ours, floor), goal, *middle)


async def interleave(
    paths: Mapping[str, Path], *, rounds: int, calls: int, seconds: float, warm_up: int = 20
) -> dict[str, Samples]:
    """Run `rounds` blocks of `calls` calls of each path, in turn; after `seconds` no further ones.

    At least `LEAST_ROUNDS` are run.
    """
    for path in paths.values():
        for _ in range(warm_up):
            await path()
    samples: dict[str, list[tuple[float, ...]]] = {name: [] for name in paths}
    start = time.perf_counter()
    for done in range(rounds):
        if done >= LEAST_ROUNDS and time.perf_counter() - start > seconds:
            break
        for name, path in paths.items():
            samples[name].append(tuple([await _timed(path) for _ in range(calls)]))
    return {name: Samples(tuple(durations)) for name, durations in samples.items()}


async def interleave_rates(
    paths: Mapping[str, Callable[[int], Path]], *, rounds: int, clients: int, seconds: float
) -> dict[str, list[float]]:
    """Calls a second of `clients` callers at once, for each round of each path.

    `paths[name](n)` makes the call of client `n`.
    """
    rates: dict[str, list[float]] = {name: [] for name in paths}
    callers = {name: [make(n) for n in range(clients)] for name, make in paths.items()}
    for calls in callers.values():
        await _rate(calls, seconds / 4)  # warms up
    for _ in range(rounds):
        for name, calls in callers.items():
            rates[name].append(await _rate(calls, seconds))
    return rates


async def _timed(path: Path) -> float:
    started = time.perf_counter()
    await path()
    return time.perf_counter() - started


async def _rate(calls: Sequence[Path], seconds: float) -> float:
    started = time.perf_counter()

    async def caller(call: Path) -> int:
        calls_made = 0
        while time.perf_counter() - started < seconds:
            await call()
            calls_made += 1
        return calls_made

    calls_made = await asyncio.gather(*(caller(call) for call in calls))
    return sum(calls_made) / (time.perf_counter() - started)
