"""All benchmarks, in the order in which they run."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from benchmarks import events, imports, journal, orchestrate, recall, recall_quality, services
from benchmarks.figures import Figure
from benchmarks.stage import Stage


@dataclass(frozen=True)
class Benchmark:
    name: str
    what: str
    run: Callable[[Stage], Awaitable[list[Figure]]]


BENCHMARKS = (
    Benchmark("services", "reads, writes and sprint creation", services.reading_and_writing),
    Benchmark("events", "from the producer's commit to the effect", events.delivery),
    Benchmark("journal", "episodes kept by eight writers", journal.throughput),
    Benchmark("recall", "similar episodes, and how fast", recall.speed),
    Benchmark(
        "recall_quality", "similar episodes, and whether the right ones", recall_quality.quality
    ),
    Benchmark("orchestrate", "a decision without action", orchestrate.without_action),
    Benchmark("creation", "a decision that creates a sprint", orchestrate.creating),
    Benchmark("imports", "preview and imports of an export of 100,000 rows", imports.processes),
)
