"""Basis of a plan: the facts that it rests on, read at the proposal and again at the approval.

A plan whose facts have changed is not carried out; the differences are said in words
(docs/adr/0141-fingerprint-of-a-plan.md).
"""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from pydantic import BaseModel, ConfigDict

from domain_services.backlog.planning_schema import Candidate
from domain_services.kernel.types import Answer
from domain_services.kernel.words import counted
from domain_services.project.schema import Availability
from domain_services.sprint.schema import SprintSummary
from graphs.deps import Sources
from graphs.nodes.optional import value
from graphs.sprint_days import sprint_window
from memory.decision import PlannedCall
from tools.cron_words import describe_schedule
from tools.cronjobs import cronjob_name

FARTHEST_DAYS = 366  # from the project's day to the end of a sprint, as the calendar answers for
_SCHEDULING = ("create_cronjob", "change_cronjob", "delete_cronjob")


class Basis(BaseModel):
    """Facts that a plan rests on. Not the project's day: a plan would be stale each midnight."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sprint: str | None
    """Sprint in progress with its last day, in words; None without one."""
    tasks: dict[str, int | None]
    """Version of each task of the plan; None for one that is not free."""
    first_day: date | None
    """First day on which a new sprint may begin; None for a plan that creates none."""
    schedules: dict[str, str | None]
    """Times of each schedule that the plan touches, in words; None for one that is not there."""
    capacity: str | None = None
    """Days of work in the planned sprint, in words; None without one, and before they were kept."""


@dataclass(frozen=True)
class ReadBasis:
    """The basis, with the facts around it that a person's changes are checked against."""

    basis: Basis
    """What the plan rests on."""
    free: Mapping[str, Candidate]
    """The plan's tasks that are free, by id."""
    window: Availability
    """Working days of the project from its present day on."""


class Difference(Answer):
    """A fact that has changed since the plan was proposed."""

    what: str
    """The fact."""
    proposed: str
    """Its state when the plan was proposed, in words."""
    now: str
    """Its present state, in words."""


async def read_basis(
    sources: Sources,
    project_id: str,
    plan: Sequence[PlannedCall],
    tasks: Sequence[str] = (),
    *,
    proposed: Sequence[PlannedCall] = (),
    with_capacity: bool = True,
) -> ReadBasis:
    """Read what a plan rests on as it is now; `tasks` are read besides those of the plan.

    `proposed` is the plan before a person edited it: its basis is described in the same words, and
    its dates are those of the capacity. Without `with_capacity` that is None, for a plan whose
    dates nobody has checked. Raises: `Unavailable` when a needed peer is down.
    """
    creation = _creation(plan)
    original = creation and (_creation(proposed) or creation)
    days = 7 * _weeks(original)
    ids = list(dict.fromkeys([*_task_ids(creation), *tasks]))
    names = _schedule_names(plan)
    window, sprints, jobs = await asyncio.gather(
        sources.project.check_availability(project_id, days=days),
        sources.sprint.list_sprints(project_id, limit=1),
        sources.cronjobs.list_jobs(project_id) if names else value([]),
    )
    newest = sprints[0] if sprints else None
    starts, free = await asyncio.gather(
        sprint_window(sources.project, window, newest, days),
        sources.backlog.list_candidates(project_id, window.today, limit=len(ids), task_ids=ids)
        if ids
        else value([]),
    )
    capacity = None
    if original is not None and with_capacity:
        capacity = await _capacity(sources, original, (window, starts))
    times = {job.name: describe_schedule(job.schedule, job.timezone) for job in jobs}
    candidates = {task.task_id: task for task in free}
    basis = Basis(
        sprint=_in_words(newest, with_work=_cancels(proposed or plan)),
        tasks={task_id: _version(candidates.get(task_id)) for task_id in ids},
        first_day=starts.start_date if creation else None,
        schedules={name: times.get(name) for name in names},
        capacity=capacity,
    )
    return ReadBasis(basis, candidates, window)


def fingerprint(plan: Sequence[PlannedCall], basis: Basis) -> str:
    """Return the digest of a plan and of what it rests on."""
    document = {
        "plan": [{"name": call.name, "arguments": call.arguments} for call in plan],
        "rests_on": basis.model_dump(mode="json"),
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(
    proposed: Basis, now: Basis, plan: Sequence[PlannedCall], titles: Mapping[str, str]
) -> list[Difference]:
    """List what has changed for `plan`, which a person may have edited.

    A task that is no longer planned is no difference, and one that a person added has no past.
    """
    return list(_differences(proposed, now, plan, titles))


def _differences(
    proposed: Basis, now: Basis, plan: Sequence[PlannedCall], titles: Mapping[str, str]
) -> Iterator[Difference]:
    if proposed.sprint != now.sprint:
        before, after = proposed.sprint or "none", now.sprint or "none"
        yield Difference(what="sprint in progress", proposed=before, now=after)
    creation = _creation(plan)
    for task_id in _task_ids(creation):
        if task_id not in proposed.tasks:
            continue
        before, after = proposed.tasks[task_id], now.tasks.get(task_id)
        if before != after:
            title = f" ({titles[task_id]})" if task_id in titles else ""
            yield Difference(
                what=f"task {task_id}{title}",
                proposed=_version_in_words(before),
                now=_version_in_words(after, changed=before is not None),
            )
    if creation is not None and now.first_day is not None:
        begins = date.fromisoformat(str(creation.arguments["start_date"]))
        if begins < now.first_day:
            yield Difference(
                what="first day of the sprint",
                proposed=begins.isoformat(),
                now=f"{now.first_day.isoformat()} at the earliest",
            )
    # A proposal of an earlier release knows nothing of it.
    if creation is not None and None not in (proposed.capacity, now.capacity):
        before, after = str(proposed.capacity), str(now.capacity)
        if before != after:
            yield Difference(what="days of work in the sprint", proposed=before, now=after)
    for name in _schedule_names(plan):
        before, after = proposed.schedules.get(name), now.schedules.get(name)
        if before != after:
            yield Difference(
                what=f"schedule {name}", proposed=before or "none", now=after or "none"
            )


async def _capacity(
    sources: Sources, creation: PlannedCall, windows: Sequence[Availability]
) -> str | None:
    """Describe the working time of a planned sprint; one of the `windows` may be that of it.

    None for days that no calendar answers for; the tool refuses such a call in its own words.
    """
    first = date.fromisoformat(str(creation.arguments["start_date"]))
    ahead = max(0, (first - windows[0].today).days)
    if ahead + 7 * _weeks(creation) > FARTHEST_DAYS:
        return None
    last = first + timedelta(weeks=_weeks(creation), days=-1)
    # Both are usual: a sprint begins today, or on the first possible day.
    known = (window for window in windows if (window.start_date, window.end_date) == (first, last))
    window = next(known, None) or await sources.project.check_availability(
        windows[0].project_id, first, last
    )
    if window.team_working_days is not None:
        return counted(window.team_working_days, "person-day")
    return counted(window.working_days, "working day")


def _creation(plan: Sequence[PlannedCall]) -> PlannedCall | None:
    return next((call for call in plan if call.name == "create_sprint"), None)


def _task_ids(creation: PlannedCall | None) -> list[str]:
    if creation is None:
        return []
    return [str(task_id) for task_id in cast("list[object]", creation.arguments["task_ids"])]


def _weeks(creation: PlannedCall | None) -> int:
    weeks = creation.arguments.get("duration_weeks") if creation else None
    return weeks if isinstance(weeks, int) else 1


def _schedule_names(plan: Sequence[PlannedCall]) -> list[str]:
    """Return the names of schedules that a plan touches; that of a new sprint has none yet."""
    names: list[str] = []
    for call in plan:
        if call.name not in _SCHEDULING and call.name not in ("suspend_cronjob", "resume_cronjob"):
            continue
        if "name" in call.arguments:
            names.append(str(call.arguments["name"]))
        elif "sprint_id" in call.arguments:
            names.append(cronjob_name(str(call.arguments["sprint_id"])))
    return names


def _cancels(plan: Sequence[PlannedCall]) -> bool:
    return any(call.name == "cancel_sprint" for call in plan)


def _in_words(newest: SprintSummary | None, *, with_work: bool) -> str | None:
    """Describe the sprint in progress; `with_work` says whether somebody has reported work."""
    if newest is None or newest.status != "in_progress":
        return None
    words = f"{newest.sprint_id} until {newest.end_date.isoformat()}"
    if not with_work:
        return words
    none = newest.progress_source == "none"
    return f"{words}, {'no work was reported' if none else 'work was reported'}"


def _version(task: Candidate | None) -> int | None:
    return None if task is None else task.version or 0


def _version_in_words(version: int | None, *, changed: bool = False) -> str:
    if version is None:
        return "no longer free" if changed else "not free"
    return f"{'changed, ' if changed else ''}version {version}"
