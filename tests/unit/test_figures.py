"""Statistics of the benchmarks, and the names of all benchmarks."""

import asyncio
import statistics

import pytest

from benchmarks import figures
from benchmarks.catalogue import BENCHMARKS
from benchmarks.figures import Figure, Samples, at_least, at_most, interleave, interleave_rates


def samples(*rounds: tuple[float, ...]) -> Samples:
    return Samples(rounds)


def test_percentiles_are_milliseconds_over_all_rounds() -> None:
    latency = samples(tuple(n / 1000 for n in range(51)), tuple(n / 1000 for n in range(51, 101)))
    assert latency.latency() == figures.Latency(n=101, p50=50, p95=95, p99=99)


def test_every_percentile_of_a_single_call_is_that_call() -> None:
    assert samples((0.25,)).latency() == figures.Latency(n=1, p50=250, p95=250, p99=250)


def test_ratio_is_the_median_of_the_ratios_of_rounds() -> None:
    # A noisy round slows both: pooled medians would give 1.1, but every round gives 2.
    ours = samples((2, 2, 2), (2, 2, 2), (200, 200, 200))
    floor = samples((1, 1, 1), (1, 1, 1), (100, 100, 100))
    assert figures.p50_ratio(ours, floor) == 2
    assert figures.rate_ratio([10, 10, 1], [20, 20, 2]) == 0.5


def test_tail_is_compared_over_all_rounds() -> None:
    ours, floor = samples((1.0,) * 50, (4.0,) * 50), samples((1.0,) * 50, (2.0,) * 50)
    assert figures.p99_ratio(ours, floor) == 2


@pytest.mark.parametrize(
    ("goal", "value", "reached"),
    [
        (at_most(1.6), 1.6, True),
        (at_most(1.6), 1.61, False),
        (at_least(0.8), 0.8, True),
        (at_least(0.8), 0.79, False),
        (None, 3.0, None),
    ],
)
def test_goal_includes_its_bound(
    goal: figures.Goal | None, value: float, reached: bool | None
) -> None:
    assert Figure("", value, goal).reached is reached


def test_figure_as_json_has_its_goal_and_result() -> None:
    document = figures.rate_figure("x", [80.0, 90.0], [100.0, 100.0], at_least(0.8)).to_json()
    assert (document["value"], document["ours"], document["floor"]) == (0.85, 85.0, 100.0)
    assert (document["goal"], document["reached"]) == (">= 0.8", True)


async def test_paths_take_turns_until_the_time_is_over() -> None:
    order: list[str] = []

    async def path(name: str) -> None:
        order.append(name)

    paths = {"a": lambda: path("a"), "b": lambda: path("b")}
    samples_by_path = await interleave(paths, rounds=9, calls=2, seconds=0, warm_up=1)
    assert "".join(order) == "ab" + figures.LEAST_ROUNDS * "aabb"
    assert [len(calls) for calls in samples_by_path["a"].rounds] == [2] * figures.LEAST_ROUNDS


async def test_rate_counts_the_calls_of_all_clients() -> None:
    counts = [0, 0]

    def calls(client: int) -> figures.Path:
        async def call() -> None:
            counts[client] += 1
            await asyncio.sleep(0)

        return call

    rates = await interleave_rates({"x": calls}, rounds=3, clients=2, seconds=0.002)
    assert all(count > 0 for count in counts)
    assert statistics.median(rates["x"]) <= sum(counts) / 0.002


def test_every_benchmark_has_a_unique_name() -> None:
    names = [benchmark.name for benchmark in BENCHMARKS]
    assert len(set(names)) == len(names) >= 7
