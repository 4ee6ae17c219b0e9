"""Commands of jobs: `dsm run-daily-scrum`, `dsm run-schedule` and `dsm plan-sprint`.

A cluster starts them. Work that is not to be done now, or is being done, is a success with the
reason: the job is not repeated for it. A service that is away is a failure: the job is repeated.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.target import Target

if TYPE_CHECKING:
    from datetime import datetime

    from agent.cli.connect import Clients

JOB_VARIABLE = "DSM_JOB_NAME"
# A cluster makes up for a time that was missed in a pause, or before a change of the schedule.
STARTS_VARIABLE = "DSM_JOB_STARTS_AT"
PROJECT_VARIABLE = "PROJECT_ID"
# A Kubernetes CronJob names its jobs `<cronjob>-<minutes since 1970>`. A date that a person puts
# at the end of a name, as 20260302, is less than the minutes of 2025.
_JOB_NAME = re.compile(r".*-((?:29|[3-9][0-9])[0-9]{6})")
PAGE = 100
NOTE_SECONDS = 10.0
BEFORE_START = "before its schedule was created, changed or resumed"
# Codes of a scrum that is not held on that day, now or ever.
RESTING = ("sprint_not_started", "sprint_over", "sprint_not_in_progress", "project_held")
UNDER_WAY = ("firing_in_progress", "run_in_progress")

Sprint = Annotated[str, typer.Argument(metavar="SPRINT", help="Id, such as P1-S01.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="As `dsm schedule list` names it.")]
Due = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Time that was due, e.g. 2026-03-02T14:00Z; default: that of DSM_JOB_NAME, or now.",
    ),
]
Project = Annotated[
    str,
    typer.Argument(metavar="PROJECT", envvar=PROJECT_VARIABLE, help="The project's id."),
]


def run_daily_scrum(sprint: Sprint, due: Due = None, *, target: Target) -> None:
    """Hold the daily scrum of SPRINT that was due; one that is not to be held is no failure."""

    async def hold(clients: "Clients") -> str:
        moment = _moment(due)
        if moment is not None and due is None and _is_too_early(moment):
            return f"nothing was done: {moment.isoformat()} was {BEFORE_START}"
        if pause := await _known_pause(clients, sprint.upper().rpartition("-S")[0]):
            return f"nothing was done: {pause}"
        scrum = await clients.sprint.run_daily_scrum(sprint.upper(), moment or _now())
        if moment is not None and due is None:
            await _note_result(clients, scrum.sprint_id, moment)
        return f"{scrum.sprint_id}, {scrum.scrum_date}: {scrum.message}"

    _run(target, hold, RESTING)


async def _note_result(clients: "Clients", sprint_id: str, moment: "datetime") -> None:
    """Let the orchestrator note a scrum that a job held; that it does not is no failure."""
    from agent.schedules.schema import ScheduleFiring
    from domain_services.kernel.errors import Problem
    from tools.cronjobs import cronjob_name

    # It asks the sprint service, which answers for the day that was held. No caller says it.
    firing = ScheduleFiring(due_at=moment)
    try:
        async with asyncio.timeout(NOTE_SECONDS):
            await clients.orchestrator.fire_schedule(cronjob_name(sprint_id), firing)
    except (Problem, TimeoutError) as error:
        reason = str(error) or f"no answer within {NOTE_SECONDS:g} s"
        print(f"the list of schedules does not show it: {reason}", file=sys.stderr)


def run_schedule(name: Name, due: Due = None, *, target: Target) -> None:
    """Do the work of the schedule NAME that was due; work under way is no failure."""

    async def fire(clients: "Clients") -> str:
        from agent.schedules.schema import ScheduleFiring

        fired = await clients.orchestrator.fire_schedule(name, ScheduleFiring(due_at=_moment(due)))
        return f"{fired.name}: {fired.result}"

    _run(target, fire, UNDER_WAY)


def plan_sprint(project: Project, *, target: Target) -> None:
    """Decide the next step of PROJECT and carry it out; a decision under way is no failure."""

    async def decide(clients: "Clients") -> str:
        if pause := await _pause_of(clients, project.upper()):
            return f"nothing was done: {pause}"
        return await _decide(clients, project.upper(), target.options)

    _run(target, decide, UNDER_WAY)


def plan_all(target: Target) -> None:
    """Decide on every active project that follows the clock, one after the other.

    A project that fails does not stop the others; the command then fails at the end.
    """

    async def decide(clients: "Clients") -> str:
        from domain_services.kernel.client.http_client import PeerRefused
        from domain_services.kernel.errors import Conflict, Problem

        failed: list[str] = []
        count = rest = 0
        async for project, is_live in _projects(clients):
            if not is_live:
                rest += 1
                continue
            if pause := await _pause_of(clients, project):
                print(f"{project}: nothing was done: {pause}", flush=True)
                rest += 1
                continue
            count += 1
            try:
                print(await _decide(clients, project, target.options), flush=True)
            except Problem as problem:
                code = problem.problem.get("code") if isinstance(problem, PeerRefused) else None
                print(f"{project}: {problem.detail}", flush=True)
                failed += [] if code in UNDER_WAY else [project]
        if failed:
            raise Conflict(f"{len(failed)} of {count} projects failed: {', '.join(failed)}")
        return f"projects: {count} decided, {rest} at rest (held, paused or not active)"

    _run(target, decide, ())


async def _known_pause(clients: "Clients", project: str) -> str | None:
    """Describe the pause of a project; None also when the orchestrator cannot be asked."""
    from domain_services.kernel.errors import Unavailable

    try:
        return await _pause_of(clients, project)
    except Unavailable as error:
        # A scrum is a report of the day: it needs no orchestrator, and a missed one is lost.
        print(f"whether {project} is paused is not known: {error.detail}", flush=True)
        return None


async def _pause_of(clients: "Clients", project: str) -> str | None:
    """Describe the pause that holds for a project; None without one."""
    from agent.cli.pause import describe_pause

    # Asked of the orchestrator, which alone knows: a job that cannot ask fails and is repeated.
    pauses = (await clients.orchestrator.pauses()).pauses
    mine = (pause for pause in pauses if pause.project_id in (None, project))
    return next((describe_pause(pause) for pause in mine), None)


async def _decide(clients: "Clients", project: str, options: str) -> str:
    from agent.schema import OrchestrationRequest

    answer = await clients.orchestrator.orchestrate(project, OrchestrationRequest())
    if answer.approval is not None:
        from agent.cli.approval_words import describe_waiting

        waiting = describe_waiting(answer.run_id, answer.approval.expires_at, options)
        return f"{project}: waits for a person ({answer.approval.reason}); {waiting}"
    done = "; ".join(answer.actions_taken)
    return f"{project}: {done or answer.decisions.reasoning}"


async def _projects(clients: "Clients") -> AsyncIterator[tuple[str, bool]]:
    """Yield the id of each project, and whether it is active and follows the clock."""
    offset = 0
    while page := await clients.project.list_projects(PAGE, offset):
        for project in page:
            yield project.id, project.status == "active" and project.clock == "live"
        offset += len(page)


def due_of_job(job_name: str) -> "datetime | None":
    """Return the due time that a cluster put into a job's name; None for one without."""
    from datetime import UTC, datetime

    match = _JOB_NAME.fullmatch(job_name)
    return datetime.fromtimestamp(60 * int(match[1]), UTC) if match else None


def _moment(due: str | None) -> "datetime | None":
    """Read `--due`, or the time in the job's name. Raises: `Invalid`."""
    from datetime import datetime

    from domain_services.kernel.errors import Invalid

    if due is None:
        return due_of_job(os.environ.get(JOB_VARIABLE, ""))
    try:
        moment = datetime.fromisoformat(due)
    except ValueError as error:
        raise Invalid(f"--due {due!r} is no time; write e.g. 2026-03-02T14:00Z") from error
    if moment.tzinfo is None:
        raise Invalid(f"--due {due!r} has no offset; write e.g. 2026-03-02T14:00Z")
    return moment


def _is_too_early(moment: "datetime") -> bool:
    """Tell whether a job's due time lies before the first that counts."""
    from datetime import datetime

    starts_at = os.environ.get(STARTS_VARIABLE)
    return starts_at is not None and moment < datetime.fromisoformat(starts_at)


def _now() -> "datetime":
    from domain_services.kernel.types import utc_now

    return utc_now()


def _run(
    target: Target, work: "Callable[[Clients], Awaitable[str]]", passed: tuple[str, ...]
) -> None:
    """Do the work and print its result; a refusal with one of the codes `passed` is a success."""
    from agent.cli.failures import one_line

    async def connected() -> str:
        from agent.cli.connect import connect
        from domain_services.kernel.client.http_client import PeerRefused

        async with connect(target) as clients:
            try:
                return await work(clients)
            except PeerRefused as refusal:
                if refusal.problem.get("code") not in passed:
                    raise
                return f"nothing was done: {refusal.detail}"

    with one_line():
        print(asyncio.run(connected()))
