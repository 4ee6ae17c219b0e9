"""`dsm walk`: pass many sprints of imported projects, each decision beside what happened."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from agent.cli.connect import Clients
    from agent.cli.sprint_walk import WalkedSprint
    from agent.importing.history.row_store import RowStore

    Passed = dict[str, "WalkedProject"]

Projects = Annotated[
    list[str] | None, typer.Argument(metavar="[PROJECT]...", help="Default: all imported ones.")
]
Sprints = Annotated[int, typer.Option(min=1, max=200, help="Sprints to pass, of each project.")]


@dataclass(frozen=True)
class WalkedProject:
    """A project that was walked."""

    sprints: "list[WalkedSprint]"
    """Its sprints, the oldest first."""
    end: str = ""
    """Why it was walked no further, in words; "" when all sprints were passed."""


def walk(
    projects: Projects = None,
    sprints: Sprints = 26,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Decide, work through and close sprint after sprint of held projects, as their rows say."""
    from agent.cli.failures import one_line

    with one_line():
        passed = asyncio.run(_walk(target, [name.upper() for name in projects or ()], sprints))
    if as_json:
        content = {
            name: {
                "sprints": [asdict(row) for row in one.sprints],
                "summary": summary(one.sprints),
                "end": one.end or None,
            }
            for name, one in passed.items()
        }
        print(json.dumps(content, indent=2, default=str))
    else:
        _show(passed)


async def _walk(target: Target, projects: Sequence[str], sprints: int) -> "Passed":
    from agent.cli.connect import connect
    from agent.cli.imported_rows import rows_of
    from agent.importing.errors import CsvRefused

    async with connect(target) as clients:
        store = rows_of(clients, target)
        projects = projects or await store.project_ids()
        if not projects:
            raise CsvRefused("No project was imported: import a file first.")
        # Projects share no sprint, so that they pass theirs at the same time.
        walked = await asyncio.gather(
            *(_walk_project(clients, store, project, sprints) for project in projects)
        )
    return dict(zip(projects, walked, strict=True))


async def _walk_project(
    clients: "Clients", store: "RowStore", project: str, sprints: int
) -> WalkedProject:
    from agent.cli.imported_rows import cadence
    from agent.cli.sprint_walk import unknown_from, walk_sprints
    from agent.importing.history import known_rows
    from agent.schema import Options, OrchestrationRequest

    weeks = await cadence(store, project)
    request = OrchestrationRequest(options=Options(sprint_duration_weeks=weeks))
    passed = [row async for row in walk_sprints(clients, store, project, request, sprints)]
    rows, end = await known_rows.find(store, project), ""
    if len(passed) < sprints and rows and (day := await unknown_from(clients, rows)):
        end = (
            f"{project} stays at {day}: its rows end on {rows.known_until}. A later export lets it"
            " walk on."
        )
    return WalkedProject(passed, end)


def summary(rows: "Sequence[WalkedSprint]") -> dict[str, int | float | None]:
    """Summarise sprints: how far each number was from the finished tasks of the backlog."""
    known = [row for row in rows if row.from_backlog is not None and row.known_until is None]
    compared = [row for row in known if row.rule is not None and row.recommended is not None]

    def mean_miss(name: str) -> float | None:
        misses = [abs(getattr(row, name) - (row.from_backlog or 0)) for row in compared]
        return round(sum(misses) / len(misses), 2) if misses else None

    return {
        "sprints": len(rows),
        "planned": sum(row.planned for row in rows),
        "completed": sum(row.completed for row in rows),
        "team_finished": sum(row.team_finished or 0 for row in known),
        "from_backlog": sum(row.from_backlog or 0 for row in known),
        "compared": len(compared),
        "changed_by_evidence": sum(row.applied for row in rows),
        "approved": sum(row.approved for row in rows),
        "mean_miss_of_plan": mean_miss("planned"),
        "mean_miss_of_rule": mean_miss("rule"),
        "mean_miss_of_recommendation": mean_miss("recommended"),
    }


def _show(passed: "Passed") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(
        Text(
            "plan: tasks of the sprint; done: of these, finished in it; backlog: finished tasks of "
            "the backlog at its start; team: all that the team finished in its days; rule and "
            "evidence: the numbers of the decision."
        )
    )
    for project, walked in passed.items():
        rows = walked.sprints
        console.print(_table(project, rows))
        _show_figures(console, project, summary(rows))
        if walked.end:
            console.print(Text(walked.end))


def _show_figures(
    console: "Console", project: str, figures: "Mapping[str, int | float | None]"
) -> None:
    from rich.text import Text

    console.print(
        Text(
            f"{project}: {figures['sprints']} sprints; {figures['completed']} of "
            f"{figures['planned']} planned tasks finished; evidence changed "
            f"{figures['changed_by_evidence']} decisions."
        )
    )
    if figures["approved"]:
        console.print(
            Text(
                f"{figures['approved']} of the plans asked a person first; this walk approved"
                " them in your name, because you asked for it."
            )
        )
    if figures["compared"]:
        console.print(
            Text(
                "Mean distance to the finished tasks of the backlog, "
                f"{figures['compared']} sprints: plan {figures['mean_miss_of_plan']}, "
                f"rule {figures['mean_miss_of_rule']}, "
                f"recommendation {figures['mean_miss_of_recommendation']} tasks."
            )
        )


def _table(project: str, rows: "Sequence[WalkedSprint]") -> "Table":
    from rich.table import Table

    title = f"{project}: decided, and what happened"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for name in ("sprint", "days"):
        table.add_column(name, no_wrap=True)
    for name in ("plan", "done", "backlog", "team", "rule", "evidence", "confidence"):
        table.add_column(name, justify="right")
    for row in rows:
        team = "not known" if row.team_finished is None else str(row.team_finished)
        if row.known_until is not None:
            team += f" by {row.known_until}"
        confidence = "-" if row.confidence is None else f"{row.confidence:.2f}"
        table.add_row(
            row.sprint_id,
            f"{row.start_date}..{row.end_date:%m-%d}",
            str(row.planned),
            str(row.completed),
            "-" if row.from_backlog is None else str(row.from_backlog),
            team,
            "-" if row.rule is None else str(row.rule),
            "-" if row.recommended is None else str(row.recommended),
            confidence + (" applied" if row.applied else ""),
        )
    return table
