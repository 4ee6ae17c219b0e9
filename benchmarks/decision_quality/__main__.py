"""`python -m benchmarks.decision_quality --sprints DIR --out FILE.json`"""

import argparse
import json
import sys
import time
from pathlib import Path

from rich.console import Console

from benchmarks.decision_quality.page import tables
from benchmarks.decision_quality.report import measure
from benchmarks.decision_quality.sprints import read


def main(arguments: list[str] | None = None) -> int:
    """Measure, write the JSON, print the tables. 0: done, 2: the sprints cannot be read."""
    parser = argparse.ArgumentParser(prog="benchmarks.decision_quality", description=__doc__)
    parser.add_argument("--sprints", type=Path, required=True, help="folder that has sprints.csv")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    given = parser.parse_args(arguments)
    progress, began = Console(stderr=True, highlight=False), time.monotonic()
    try:
        teams = read(given.sprints)
    except (OSError, KeyError, ValueError) as error:
        progress.print(
            f"{given.sprints}: not a folder with sprints.csv of the known format: {error}"
        )
        return 2

    def say(step: str) -> None:
        progress.print(f"{time.monotonic() - began:6.1f} s  {step}")

    measured = measure(teams, say)
    given.out.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    page = Console(highlight=False)
    for each in tables(measured):
        page.print(each)
    say(f"written to {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
