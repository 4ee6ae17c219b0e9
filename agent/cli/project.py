"""`dsm project show | edit | remove-member`: a project's day, place, mode and team."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from agent.cli.stack import AsJson
from agent.cli.target import Target

if TYPE_CHECKING:
    from domain_services.project.client import ProjectClient
    from domain_services.project.schema import MemberRemoved, Project, TeamMembers

Answer = TypeVar("Answer")
ProjectArgument = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's id.")]
Member = Annotated[str, typer.Argument(metavar="PERSON", help="The person's id.")]
Name = Annotated[str | None, typer.Option(help="Name for people.")]
Description = Annotated[str | None, typer.Option(help="Description for people.")]
Progress = Annotated[str | None, typer.Option(help="Source of progress: simulated or reported.")]
Unowned = Annotated[
    bool | None,
    typer.Option(
        "--assign-unowned/--leave-unowned",
        help="Deal tasks without an owner out to the team at the start of a sprint, or leave them.",
    ),
]
Country = Annotated[str | None, typer.Option(help="Country (ISO 3166-1) of the calendar.")]
Subdivision = Annotated[str | None, typer.Option(help="Part of the country.")]
TimeZone = Annotated[str | None, typer.Option(help="IANA time zone of the project's day.")]


def show(project: ProjectArgument, *, target: Target, as_json: AsJson = False) -> None:
    """Show the day, clock, place, mode and team of PROJECT."""

    async def read(client: "ProjectClient") -> "tuple[Project, TeamMembers]":
        project_id = project.upper()
        return await client.get_project(project_id), await client.list_team_members(project_id)

    _print(*_ask(target, read), as_json)


def edit(
    project: ProjectArgument,
    name: Name = None,
    description: Description = None,
    progress: Progress = None,
    assign_unowned: Unowned = None,
    country: Country = None,
    subdivision: Subdivision = None,
    timezone: TimeZone = None,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Change PROJECT: what is not named stays; another country begins without a subdivision."""
    from domain_services.kernel.errors import Invalid

    fields = {
        "name": name,
        "description": description,
        "progress_mode": progress,
        "assign_unowned": assign_unowned,
    }
    place = {"country": country, "subdivision": subdivision, "timezone": timezone}
    fields = {field: value for field, value in fields.items() if value is not None}
    place = {field: value for field, value in place.items() if value is not None}

    async def change(client: "ProjectClient") -> "tuple[Project, TeamMembers]":
        from agent.cli.requests import make_request
        from domain_services.project.schema import CalendarChange, ProjectEdit

        if not fields and not place:
            raise Invalid("name at least one option, as `dsm project edit --help` lists them")
        project_id = project.upper()
        before = await client.get_project(project_id)
        # All values are checked before the first change.
        edit_request = make_request(ProjectEdit, fields) if fields else None
        kept_place = {"country": before.country}
        if country is None or country == before.country:
            kept_place["subdivision"] = before.subdivision or ""
        values = {field: value for field, value in (kept_place | place).items() if value}
        place_request = make_request(CalendarChange, values) if place else None
        if place_request is not None:
            await client.change_calendar(project_id, place_request)
        if edit_request is not None:
            await client.edit_project(project_id, edit_request)
        return await client.get_project(project_id), await client.list_team_members(project_id)

    _print(*_ask(target, change), as_json)


def remove_member(
    project: ProjectArgument,
    person: Member,
    *,
    target: Target,
    as_json: AsJson = False,
) -> None:
    """Take PERSON off the team of PROJECT; past work and the names on tasks stay."""

    async def remove(client: "ProjectClient") -> "MemberRemoved":
        return await client.remove_team_member(project.upper(), person)

    answer = _ask(target, remove)
    print(json.dumps(answer.model_dump(mode="json"), indent=2) if as_json else answer.message)


def _ask(target: Target, call: "Callable[[ProjectClient], Awaitable[Answer]]") -> Answer:
    from agent.cli.failures import one_line

    async def run() -> Answer:
        from agent.cli.connect import connect

        async with connect(target) as clients:
            return await call(clients.project)

    with one_line():
        return asyncio.run(run())


def _print(project: "Project", team: "TeamMembers", as_json: bool) -> None:
    if as_json:
        members = [member.model_dump(mode="json") for member in team.team_members]
        print(json.dumps(project.model_dump(mode="json") | {"team": members}, indent=2))
        return
    day = f"held at {project.today}" if project.clock == "held" else f"live, today {project.today}"
    place = "-".join(filter(None, (project.country, project.subdivision)))
    people = ", ".join(f"{member.name} ({member.id})" for member in team.team_members)
    print(f"{project.id}  {project.name}")
    print(f"status    {project.status}")
    print(f"clock     {day}")
    print(f"place     {place}, {project.timezone}")
    print(f"progress  {project.progress_mode}")
    unowned = "dealt out to the team in turn" if project.assign_unowned else "left without an owner"
    print(f"unowned   {unowned}, at the start of a sprint")
    print(f"team      {people or 'nobody'}")
