"""`dsm schedule add | list | pause | resume | change | delete`: what runs by itself, and when."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from datetime import datetime

    from agent.client import OrchestratorClient
    from agent.schedules.schema import ScheduledJob

Answer = TypeVar("Answer")
Project = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's id.")]
OneProject = Annotated[
    str | None, typer.Argument(metavar="[PROJECT]", help="The project's id; without it, all.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="As `dsm schedule list` names it.")]
Cron = Annotated[str, typer.Argument(metavar="CRON", help="Five fields, e.g. '0 8 * * 1-5'.")]
Orchestrate = Annotated[
    str | None,
    typer.Option(metavar="CRON", help="Decide on the project at these times: '0 8 * * 1-5'."),
]
DailyScrum = Annotated[
    str | None,
    typer.Option(metavar="CRON", help="Hold the daily scrum of the running sprint then."),
]

WORK = {
    "orchestrate": "decides on the project",
    "daily_scrum": "holds the daily scrum",
    "backfill": "embeds past decisions",
    "learn": "calibrates confidence",
    "retention": "deletes what is old",
}


def add(
    project: Project,
    orchestrate: Orchestrate = None,
    daily_scrum: DailyScrum = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Let PROJECT be decided by itself, or hold the daily scrum of its running sprint."""
    from agent.schedules.schema import ScheduleCreate
    from domain_services.kernel.errors import Invalid
    from tools.cron_dialect import parse_schedule

    async def send(client: "OrchestratorClient") -> "ScheduledJob":
        cron = daily_scrum if orchestrate is None else orchestrate
        if cron is None or None not in (orchestrate, daily_scrum):
            raise Invalid("name either --orchestrate or --daily-scrum, with a cron expression")
        parse_schedule(cron)
        kind = "daily_scrum" if orchestrate is None else "orchestrate"
        request = ScheduleCreate(kind=kind, schedule=cron)
        return await client.add_schedule(project.upper(), request)

    _show_one(_ask(target, send), as_json=as_json)


def list_schedules(project: OneProject = None, *, target: Target, as_json: AsJson = False) -> None:
    """List what runs by itself: when next, when last, with which result, paused or not."""

    async def read(client: "OrchestratorClient") -> "list[ScheduledJob]":
        if project is None:
            return await client.list_all_schedules()
        return await client.list_schedules(project.upper())

    rows = _ask(target, read)
    if as_json:
        print(json.dumps([row.model_dump(mode="json") for row in rows], indent=2))
        return
    if not rows:
        added = f"{(project or 'PROJECT').upper()} --orchestrate '0 8 * * 1-5'{target.options}"
        print(f"nothing is scheduled; add a schedule with: dsm schedule add {added}")
    for row in rows:
        print("\n".join(lines(row)))


def pause(name: Name, *, target: Target, as_json: AsJson = False) -> None:
    """Pause a schedule; what is due meanwhile is not made up for."""
    _change(target, name, {"paused": True}, as_json=as_json)


def resume(name: Name, *, target: Target, as_json: AsJson = False) -> None:
    """Let a paused schedule run again."""
    _change(target, name, {"paused": False}, as_json=as_json)


def change(name: Name, cron: Cron, *, target: Target, as_json: AsJson = False) -> None:
    """Change the times of a schedule."""
    _change(target, name, {"schedule": cron}, as_json=as_json)


def delete(name: Name, *, target: Target, as_json: AsJson = False) -> None:
    """Delete a schedule; the installation's own can only be paused."""
    from domain_services.kernel.errors import Conflict

    async def send(client: "OrchestratorClient") -> Any:
        row = await _find(client, name)
        if row.project_id is None:
            raise Conflict(
                f"{row.name} belongs to the installation and cannot be deleted; pause it with:"
                f" dsm schedule pause {row.name}{target.options}"
            )
        return await client.delete_schedule(row.project_id, name)

    answer = _ask(target, send)
    print(json.dumps(answer.model_dump(mode="json"), indent=2) if as_json else answer.message)


def lines(row: "ScheduledJob") -> list[str]:
    """Describe a schedule in a few lines."""
    owner = row.sprint_id or row.project_id or "this installation"
    page = [f"{row.name}  ({owner}: {WORK[row.kind]})", f"    {row.in_words}"]
    if row.state_reason is not None:
        page.append(f"    {row.state}: {row.state_reason}")
    if row.next_run is not None:
        page.append(f"    next: {_time(row.next_run, row.timezone)}")
    if row.last_run is not None:
        page.append(f"    last: {_time(row.last_run, row.timezone)}  {row.last_result or ''}")
    if row.warning is not None:
        page.append(f"    warning: {row.warning}")
    return page


def _change(target: Target, name: str, values: dict[str, Any], *, as_json: bool) -> None:
    async def send(client: "OrchestratorClient") -> "ScheduledJob":
        from agent.schedules.schema import ScheduleChange
        from tools.cron_dialect import parse_schedule

        if "schedule" in values:
            parse_schedule(values["schedule"])
        body = ScheduleChange(**values)
        row = await _find(client, name)
        if row.project_id is None:
            return await client.change_installation_schedule(name, body)
        return await client.change_schedule(row.project_id, name, body)

    _show_one(_ask(target, send), as_json=as_json)


async def _find(client: "OrchestratorClient", name: str) -> "ScheduledJob":
    """Read the schedule of a name. Raises: `NotFound`."""
    from domain_services.kernel.client.http_client import PeerRefused
    from domain_services.kernel.errors import NotFound

    try:
        return await client.find_schedule(name)
    except PeerRefused as refusal:
        if refusal.peer_status != 404:
            raise
        raise NotFound(refusal.detail) from refusal


def _ask(target: Target, work: "Callable[[OrchestratorClient], Awaitable[Answer]]") -> Answer:
    from agent.cli.failures import one_line

    async def connected() -> Answer:
        from agent.cli.connect import connect

        async with connect(target) as clients:
            return await work(clients.orchestrator)

    with one_line():
        return asyncio.run(connected())


def _show_one(row: "ScheduledJob", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(row.model_dump(mode="json"), indent=2))
    else:
        print("\n".join(lines(row)))


def _time(moment: "datetime", timezone: str) -> str:
    from zoneinfo import ZoneInfo

    return f"{moment.astimezone(ZoneInfo(timezone)):%A %Y-%m-%d %H:%M}"
