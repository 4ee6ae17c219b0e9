"""`python -m benchmarks.decision_quality --sprints DIR --out FILE.json [--plans-out FILE.csv]`"""

import argparse
import csv
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.decision_quality.fortnights import fortnights, read_tasks
from benchmarks.decision_quality.page import tables
from benchmarks.decision_quality.replay import Decided, decidable
from benchmarks.decision_quality.report import TOO_SHORT, measure
from benchmarks.decision_quality.sprints import NotSprints, Teams, read


def main(arguments: list[str] | None = None) -> int:
    """Measure, write the files, print the tables. 0: done, 2: not possible, and stderr says why."""
    options = _parser().parse_args(arguments)
    progress, start = Console(stderr=True, highlight=False), time.monotonic()

    def say(step: str) -> None:
        progress.print(f"{time.monotonic() - start:6.1f} s  {step}", markup=False, soft_wrap=True)

    try:
        _check_outputs(options.out, options.plans_out, options.sprints)
        teams = _decidable(options.sprints)
        projects = {name: fortnights(name, tasks) for name, tasks in read_tasks().items()}
        measured, decided = measure(teams, projects, say)
        options.out.write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
        if options.plans_out is not None:
            _write_plans(options.plans_out, decided)
    except (NotSprints, OSError) as error:
        # Plain and unwrapped, since names may have brackets and be long.
        progress.print(str(error), markup=False, emoji=False, soft_wrap=True)
        return 2
    page = Console(highlight=False)
    for table in tables(measured):
        page.print(table)
    say(f"written to {options.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.decision_quality", description=__doc__)
    parser.add_argument("--sprints", type=Path, required=True, help="folder that has sprints.csv")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument(
        "--plans-out", type=Path, help="CSV file to write: team_id, sprint_id and planned tasks"
    )
    return parser


def _check_outputs(out: Path, plans_out: Path | None, sprints: Path) -> None:
    """Refuse files that cannot be written, or are read, before anything is measured.

    Raises: `OSError`.
    """
    _check_writable(out)
    for path in (out, plans_out):
        if path is not None and path.resolve() == (sprints / "sprints.csv").resolve():
            raise FileExistsError(f"{path}: the sprints that are read; name another file to write")
    if plans_out is not None:
        _check_writable(plans_out)
        if plans_out.resolve() == out.resolve():
            raise FileExistsError(f"{out}: named by --out and by --plans-out; name two files")


def _check_writable(out: Path) -> None:
    """Raises: `OSError` for a file that could not be written once all is measured."""
    if out.is_dir():
        raise IsADirectoryError(f"{out}: a folder, not a file to write")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"{out}: there is no folder {out.parent}")
    if not os.access(out if out.exists() else out.parent, os.W_OK):
        raise PermissionError(f"{out}: cannot be written")


def _decidable(folder: Path) -> Teams:
    """Read the sprints of a folder. Raises: `NotSprints`, also when none of them can be scored."""
    teams = read(folder)
    if not decidable(teams):
        raise NotSprints(f"{folder / 'sprints.csv'}: {TOO_SHORT}")
    return teams


def _write_plans(path: Path, decided: Sequence[Decided]) -> None:
    """Write the applied plan of each sprint with three before it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("team_id", "sprint_id", "planned"))
        writer.writerows(
            (decision.case.team, decision.case.sprint_id, decision.applied) for decision in decided
        )


if __name__ == "__main__":
    sys.exit(main())
