"""`dsm runs`: the newest runs, with what they did and why one failed."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.moments import read_moment
from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from agent.run_schema import RunPage
    from memory.run_summary import RunSummary

MOST_RUNS = 200  # that the route answers at once
# As memory/run.py has them. Not imported from there, which would load pydantic.
STATUSES = (
    "running",
    "waiting",
    "decided",
    "done",
    "failed",
    "abandoned",
    "rejected",
    "expired",
    "superseded",
    "undone",
)
KINDS = ("decision", "undo", "request")

ProjectOption = Annotated[
    str | None, typer.Option("--project", help="Only the runs of this project.")
]
StatusOption = Annotated[
    list[str] | None,
    typer.Option(
        "--status", metavar="STATUS", help=f"Only runs in this state: {', '.join(STATUSES)}."
    ),
]
KindOption = Annotated[
    str | None, typer.Option("--kind", metavar="|".join(KINDS), help="Only runs of this kind.")
]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Started at this day or moment, or 30d ago.")
]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Started before this, as above.")]
Before = Annotated[
    str | None, typer.Option(metavar="RUN", help="Older than this run: the next page.")
]
Limit = Annotated[int, typer.Option("--limit", min=1, max=MOST_RUNS, help="Runs at most.")]


def runs(
    project: ProjectOption = None,
    status: StatusOption = None,
    kind: KindOption = None,
    since: Since = None,
    until: Until = None,
    before: Before = None,
    limit: Limit = 20,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first: what each did, and why it failed or waits to be tried again."""
    from agent.cli.failures import one_line

    for name in status or ():
        if name not in STATUSES:
            hint = f"name one of {', '.join(STATUSES)}"
            raise typer.BadParameter(hint, param_hint="--status")
    if kind is not None and kind not in KINDS:
        raise typer.BadParameter(f"name one of {', '.join(KINDS)}", param_hint="--kind")
    now = datetime.now(UTC)
    first = read_moment(since, "--since", now) if since else None
    end = read_moment(until, "--until", now) if until else None
    with one_line():
        page = asyncio.run(_read(target, project, status, kind, first, end, before, limit))
    if as_json:
        print(page.model_dump_json(indent=2))
        return
    for run in page.runs:
        print("\n".join(describe(run, target.options)))
    if not page.runs:
        print("no such run is stored" + (f"; is there a project {project}?" if project else ""))
    elif page.next_before is not None:
        print(f"older ones: the same with --before {page.next_before}")


async def _read(
    target: Target,
    project: str | None,
    status: list[str] | None,
    kind: str | None,
    since: datetime | None,
    until: datetime | None,
    before: str | None,
    limit: int,
) -> "RunPage":
    from agent.cli.connect import connect
    from agent.cli.run_names import find_run

    async with connect(target) as clients:
        orchestrator = clients.orchestrator
        return await orchestrator.runs(
            project.upper() if project else None,
            status,
            before=await find_run(orchestrator, before) if before else None,
            limit=limit,
            kind=kind,
            since=since,
            until=until,
        )


def describe(run: "RunSummary", options: str = "") -> list[str]:
    """Describe one run in lines of text; `options` name the stack to its commands."""
    from agent.importing.terminal import printable

    kind = " (dry run)" if run.dry_run else "" if run.kind == "decision" else f" ({run.kind})"
    head = f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC  {run.project_id}  {run.status}{kind}"
    person = f"  by {run.reviewed_by}" if run.reviewed_by else ""
    lines = [f"{head}{person}  {run.run_id}"]
    if run.status == "waiting" and run.expires_at is not None:
        lines.append(f"    waits for a person until {run.expires_at:%Y-%m-%d %H:%M} UTC")
    if run.reason is not None:
        # "decided" with a reason waits for its next try.
        tries = f"{run.tries} tries, " if run.tries else ""
        lines.append(f"    {tries}{' '.join(run.reason.split())}")
    if run.status == "waiting":
        lines.append(
            f"    answer it: dsm approve {run.run_id}{options}, or dsm edit, or dsm reject"
        )
    lines += [f"    {action}" for action in run.actions_taken if action != run.reason]
    return [printable(line) for line in lines]
