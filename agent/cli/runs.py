"""`dsm runs`: the newest orchestrations, with what they did and why one failed."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.schema import RunPage, RunSummary

MOST_RUNS = 200  # that the route answers at once
STATUSES = ("running", "decided", "done", "failed", "abandoned")

ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Only the runs of this project.")
]
StatusOption = Annotated[
    str | None,
    typer.Option("--status", metavar="|".join(STATUSES), help="Only the runs in this state."),
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=MOST_RUNS, help="Runs at most.")]


def runs(
    project: ProjectOption = None,
    status: StatusOption = None,
    limit: Limit = 20,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first: what each did, and why it failed or waits to be tried again."""
    from agent.cli.failures import one_line

    if status is not None and status not in STATUSES:
        raise typer.BadParameter(f"name one of {', '.join(STATUSES)}", param_hint="--status")
    with one_line():
        page = asyncio.run(_read(target, project, status, limit))
    if as_json:
        print(page.model_dump_json(indent=2))
        return
    for run in page.runs:
        print("\n".join(describe(run)))
    if not page.runs:
        print("no such run is stored")


async def _read(target: Target, project: str | None, status: str | None, limit: int) -> "RunPage":
    from agent.cli.connect import connect

    async with connect(target) as clients:
        return await clients.orchestrator.runs(project, status, limit=limit)


def describe(run: "RunSummary") -> list[str]:
    """Describe one run in lines of text."""
    kind = " (dry run)" if run.dry_run else ""
    head = f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC  {run.project_id}  {run.status}{kind}"
    lines = [f"{head}  {run.run_id}"]
    if run.reason is not None:
        # "decided" with a reason waits for its next try.
        tries = f"{run.tries} tries, " if run.tries else ""
        lines.append(f"    {tries}{' '.join(run.reason.split())}")
    lines += [f"    {action}" for action in run.actions_taken if action != run.reason]
    return lines
