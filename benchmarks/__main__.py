"""`python -m benchmarks [name ...]`: the main paths beside their floors, on an own stack."""

import argparse
import asyncio
import sys
import time
from pathlib import Path

import httpx
import psycopg
import uvloop
from rich.console import Console

from benchmarks import report
from benchmarks.catalogue import BENCHMARKS, Benchmark
from benchmarks.figures import Figure
from benchmarks.stage import Stage, open_stage
from benchmarks.wire import UnexpectedAnswer
from domain_services.kernel.errors import Problem

SECONDS, QUICK_SECONDS = 720, 120  # a run that takes longer is cut off
# What a stack that does not hold up, or answers otherwise than it did, raises.
FAILURES = (
    Problem,
    UnexpectedAnswer,
    TimeoutError,
    OSError,
    EOFError,
    psycopg.Error,
    httpx.HTTPError,
)
OUT = Path(__file__).parent / "out"


def main() -> int:
    """0 when everything was measured, whether or not the goals are reached."""
    arguments = _parser().parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    start = time.monotonic()

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - start:6.1f} s  {what}", highlight=False)

    selected = [
        benchmark
        for benchmark in BENCHMARKS
        if not arguments.names or benchmark.name in arguments.names
    ]
    figures: list[Figure] = []
    with open_stage(arguments.data_dir, arguments.quick, say) as stage:
        seconds_left = (QUICK_SECONDS if stage.quick else SECONDS) - (time.monotonic() - start)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            failed = runner.run(_run_all(stage, selected, arguments.out, figures, seconds_left))
    report.show(console, figures)
    for line in failed:
        console.print(f"[red]{line}")
    return 1 if failed else 0


async def _run_all(
    stage: Stage, selected: list[Benchmark], out: Path, figures: list[Figure], seconds: float
) -> list[str]:
    """Adds to `figures`; why benchmarks failed, one line each."""
    failed: list[str] = []
    try:
        async with asyncio.timeout(seconds) as bound:
            for benchmark in selected:
                try:
                    results = await benchmark.run(stage)
                except FAILURES as error:
                    if bound.expired():
                        raise
                    failed.append(f"{benchmark.name}: {type(error).__name__}: {error}")
                    continue
                figures += results
                report.write(out, benchmark.name, results, quick=stage.quick)
    except TimeoutError:
        failed.append(f"cut off: more than {seconds:.0f} s on this machine now")
    return failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog="\n".join(f"  {benchmark.name:16} {benchmark.what}" for benchmark in BENCHMARKS),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [benchmark.name for benchmark in BENCHMARKS]
    parser.add_argument(
        "names", nargs="*", metavar="name", choices=[[], *names], help="all if none"
    )
    parser.add_argument("--quick", action="store_true", help="few rounds and episodes, 2 minutes")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for JSON")
    parser.add_argument("--data-dir", type=Path, help="keep the stack's data here for further runs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
