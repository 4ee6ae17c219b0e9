"""Real sprints from a file: one row a sprint, each team in its own order."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from graphs.evidence.throughput import Sprint

Teams = dict[str, tuple["Row", ...]]


@dataclass(frozen=True)
class Row:
    """One sprint that ended. `scope` are its tasks at the start, `people` who was seen by then.

    `project` is the unit that is left out when something is fitted, `team` the unit of history.
    """

    project: str
    team: str
    days: int
    scope: int
    people: int | None
    completed: int

    @property
    def sprint(self) -> Sprint:
        """The row as evidence takes it, once it is past."""
        return Sprint(self.completed, self.days, self.scope)


def read(folder: Path) -> Teams:
    """The usable rows of `folder`/sprints.csv by team, oldest first. Raises: `OSError`, `KeyError`,
    `ValueError` for a file that is not of this format."""
    teams: dict[str, list[tuple[int, Row]]] = defaultdict(list)
    with (folder / "sprints.csv").open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            if line["usable"] == "1":
                teams[line["team_id"]].append((int(line["seq"]), _row(line)))
    return {
        team: tuple(row for _, row in sorted(rows, key=lambda each: each[0]))
        for team, rows in sorted(teams.items())
    }


def _row(line: dict[str, str]) -> Row:
    return Row(
        project=line["project_key"],
        team=line["team_id"],
        days=round(float(line["duration_days"])),
        scope=round(float(line["n_issues_scope_t0"] or 0)),
        people=round(float(line["team_size_t0"] or 0)) or None,
        completed=round(float(line["n_completed"])),
    )
