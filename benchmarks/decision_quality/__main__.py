"""`python -m benchmarks.decision_quality --sprints DIR --out FILE.json`"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from rich.console import Console

from benchmarks.decision_quality.page import tables
from benchmarks.decision_quality.replay import decidable
from benchmarks.decision_quality.report import TOO_SHORT, measure
from benchmarks.decision_quality.sprints import NotSprints, Teams, read


def main(arguments: list[str] | None = None) -> int:
    """Measure, write the JSON, print the tables. 0: done, 2: not possible, and stderr says why."""
    parser = argparse.ArgumentParser(prog="benchmarks.decision_quality", description=__doc__)
    parser.add_argument("--sprints", type=Path, required=True, help="folder that has sprints.csv")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args(arguments)
    progress, start = Console(stderr=True, highlight=False), time.monotonic()

    def say(step: str) -> None:
        progress.print(f"{time.monotonic() - start:6.1f} s  {step}", markup=False, soft_wrap=True)

    try:
        _check_writable(options.out)
        teams = _decidable(options.sprints)
        measured = measure(teams, say)
        options.out.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    except (NotSprints, OSError) as error:
        # Plain and unwrapped, since names may have brackets and be long.
        progress.print(str(error), markup=False, emoji=False, soft_wrap=True)
        return 2
    page = Console(highlight=False)
    for table in tables(measured):
        page.print(table)
    say(f"written to {options.out}")
    return 0


def _check_writable(out: Path) -> None:
    """Raises: `OSError` for a file that could not be written once all is measured."""
    if out.is_dir():
        raise IsADirectoryError(f"{out}: a folder, not a file to write")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"{out}: there is no folder {out.parent}")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise PermissionError(f"{out}: cannot be written")


def _decidable(folder: Path) -> Teams:
    """The sprints of a folder. Raises: `NotSprints`, also when none of them can be forecast."""
    teams = read(folder)
    if not decidable(teams):
        raise NotSprints(f"{folder / 'sprints.csv'}: {TOO_SHORT}")
    return teams


if __name__ == "__main__":
    sys.exit(main())
