"""Search for the default day of `dsm demo`: `python -m benchmarks.demo_day --first 2016-09-05`.

Every Monday from the first day on gets a stack of its own, as in the demo. The first day is chosen
on which evidence passes the gate and changes the plan of one project at least, and each project has
a plan of LEAST_TASKS or more. Both hold whether or not the memory is fully embedded. The actual
outcome is not looked at (docs/adr/0092-answer-first.md). A day takes about half a minute.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from agent.cli import demo

PROJECTS = ("P0", "P1")
PROGRAM = "from agent.cli.main import main; main()"
WEEK = timedelta(weeks=1)
LEAST_TASKS = 3  # of each plan; fewer show no order of tasks


@dataclass(frozen=True)
class DecidedCount:
    """The task count of one decision."""

    rule: int
    """The rule's count."""
    evidence: int
    """The count that evidence suggests."""
    applied: int
    """The count that holds."""
    confidence: float | None
    """Confidence that following evidence pays, 0..1; None for equal counts."""

    @property
    def changed(self) -> bool:
        """True when evidence changed the rule's count."""
        return self.applied != self.rule

    def __str__(self) -> str:
        confidence = "" if self.confidence is None else f" ({self.confidence:.2f})"
        return f"{self.rule} -> {self.evidence}{confidence}: {self.applied}"


def shows_a_decision(counts: list[DecidedCount]) -> bool:
    """Check that evidence changed one plan at least, and that every plan is large enough."""
    large = len(counts) == len(PROJECTS) and all(c.applied >= LEAST_TASKS for c in counts)
    return large and any(count.changed for count in counts)


def decide(day: date, base_port: int) -> list[list[DecidedCount]]:
    """Decide all projects on a stack of their own, right after the import and fully embedded."""
    with tempfile.TemporaryDirectory(prefix="dsm-demo-day-") as folder:
        stack = Stack(Path(folder))
        stack.run("up", "--detach", "--base-port", str(base_port))
        try:
            options = ("--map", demo.MAPPING, "--prefix", demo.PREFIX, "--as-of", str(day))
            stack.run("import", "csv", str(demo.EXAMPLE), *options)
            imported = stack.counts()
            stack.run("backfill")
            return [imported, stack.counts()]
        finally:
            stack.run("down")


@dataclass(frozen=True)
class Stack:
    """Runner of commands on one data folder."""

    folder: Path
    """The data folder."""

    def run(self, *arguments: str) -> str:
        """Run a command and return its output. Raises: `CalledProcessError`."""
        command = [sys.executable, "-c", PROGRAM, *arguments, "--data-dir", str(self.folder)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def counts(self) -> list[DecidedCount]:
        """Decide every project without a change."""
        answers = (self.run("orchestrate", name, "--dry-run", "--json") for name in PROJECTS)
        return [count for answer in answers if (count := _task_count(json.loads(answer)))]


def _task_count(answer: Any) -> DecidedCount | None:
    report = answer["decisions"]["intelligence_adjustments"].get("task_count_modification")
    return report and DecidedCount(
        rule=report["original_recommendation"],
        evidence=report["intelligence_recommendation"],
        applied=report["applied_value"],
        confidence=report["confidence"],
    )


def main() -> int:
    """Print each day's decisions up to the first that is fit for the demo; 1 when none is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=date.fromisoformat, default=date(2016, 9, 5))
    parser.add_argument("--last", type=date.fromisoformat, default=date(2017, 6, 5))
    parser.add_argument("--base-port", type=int, default=8900)
    arguments = parser.parse_args()
    day: date = arguments.first
    while day <= arguments.last:
        decided = decide(day, arguments.base_port)
        print(day, " | ".join("; ".join(map(str, counts)) for counts in decided), flush=True)
        if all(shows_a_decision(counts) for counts in decided):
            print(f"the first day that is fit: {day}")
            return 0
        day += WEEK
    print("no day is fit")
    return 1


if __name__ == "__main__":
    sys.exit(main())
