"""Forecast of a project: how many tasks several sprints complete, and when tasks are done."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from agent.intelligence.expected import ExpectedWork
from agent.intelligence.forecast_schema import (
    PlanOfCertainty,
    ProjectForecast,
    SprintsAhead,
    TasksDone,
)
from agent.intelligence.reader import ProjectReader, ProjectWork
from agent.intelligence.risk import LEAST_REPLAYED, coverage, rests_on
from graphs.evidence.distribution import Distribution
from graphs.evidence.expectation import MOST_SPRINTS, last_day_of, several, sprints_until
from graphs.expected_sprint import range_of
from graphs.state import Snapshot
from graphs.thresholds import CERTAINTIES, INTERVAL, MIN_OWN_SPRINTS, PROMISE

EVEN_ODDS = 0.5
ARRIVING = (
    "What arrives after the start of a sprint is in all work, not in planned work; the tasks to be"
    " done are worked on before it."
)
ONE_KIND = "Past sprints do not tell planned from arrived work: both are in every number."
NO_DAYS_OFF = "Days off are known for the first sprint only; the later ones count in full."


@dataclass(frozen=True)
class Ahead:
    """The sprints of a forecast."""

    first_day: date
    """First day of the first one."""
    days: int
    """Calendar days of each."""
    done_in_first: int
    """Tasks that are completed in the first one already."""

    def last_day(self, sprints: int) -> date:
        """Return the last day of the `sprints`-th sprint."""
        return last_day_of(sprints, self.first_day, self.days)


@dataclass(frozen=True)
class Work:
    """Completed tasks of one kind: of the first sprint, and of each one after it."""

    first: Distribution
    """Of the first sprint."""
    later: Distribution
    """Of a later sprint."""

    def in_sprints(self, sprints: int) -> Distribution:
        """Forecast so many sprints in a row."""
        return several(self.first, sprints, self.later)

    def sprints_until(self, tasks: int, certainty: float) -> int | None:
        """Return how many sprints complete `tasks`; None beyond MOST_SPRINTS."""
        return sprints_until(self.first, tasks, certainty, self.later)


async def project_forecast(
    reader: ProjectReader, project_id: str, sprints: int, tasks: int | None, weeks: int
) -> ProjectForecast:
    """Forecast 1 to `sprints` sprints, and when `tasks` are done; None: all that are open.

    `weeks` is the length of a sprint when none is in progress. Raises: `NotFound`.
    """
    project = await reader.work(project_id, weeks)
    tasks = project.state.snapshot.facts.backlog_tasks if tasks is None else tasks
    # Large numbers take a second of arithmetic, in which other requests must be answered.
    return await asyncio.to_thread(_forecast, project, sprints, tasks)


def _forecast(project: ProjectWork, sprints: int, tasks: int) -> ProjectForecast:
    state, work, ahead = project.state, project.work, _ahead(project)
    share = coverage(work.evidence.planned_past, work.evidence.prior)
    known = work.is_known
    return ProjectForecast(
        project_id=state.snapshot.facts.project_id,
        today=state.snapshot.facts.today,
        clock=state.clock,
        first_day=ahead.first_day,
        begins=_begins(state.snapshot, ahead),
        sprint_days=ahead.days,
        in_sprints=list(_in_sprints(work, ahead, sprints)) if known else None,
        tasks_done=_tasks_done(work, ahead, tasks) if known and tasks else None,
        plans=list(_plans(work)) if known else None,
        coverage=share,
        back_test=_back_test(work, share),
        rests_on=rests_on(work).removeprefix("by ") if known else None,
        assumptions=list(_assumptions(work)) if known else [],
        reasons=_reasons(work, tasks, share),
        degraded=project.degraded,
    )


def _ahead(project: ProjectWork) -> Ahead:
    facts, window = project.state.snapshot.facts, project.window
    if window is None or facts.active_sprint is None:
        return Ahead(facts.sprint_start, 7 * facts.options.sprint_duration_weeks, 0)
    sprint = facts.active_sprint
    return Ahead(window.start, window.days, sprint.total_tasks - sprint.pending_tasks)


def _begins(snapshot: Snapshot, ahead: Ahead) -> str:
    sprint = snapshot.facts.active_sprint
    if sprint is None:
        return f"The first sprint is the next one, from {ahead.first_day.isoformat()} on."
    return (
        f"The first sprint is {sprint.sprint_id}, in progress since {ahead.first_day.isoformat()}"
        f" with {ahead.done_in_first} of {sprint.total_tasks} tasks done."
    )


def _all_work(work: ExpectedWork) -> Work:
    # Evidence beyond the own pace is about open tasks. Where past sprints do not tell arrived work,
    # the own pace alone holds it.
    planned_only = work.expectation.arriving is None
    first = work.evidence.own_pace if planned_only else work.expectation.total
    return Work(first, work.later.total)


def _planned_work(work: ExpectedWork) -> Work | None:
    if work.expectation.arriving is None:
        return None
    return Work(work.expectation.planned, work.later.planned)


def _in_sprints(work: ExpectedWork, ahead: Ahead, sprints: int) -> Iterator[SprintsAhead]:
    all_work, planned = _all_work(work), _planned_work(work)
    for number in range(1, sprints + 1):
        yield SprintsAhead(
            sprints=number,
            last_day=ahead.last_day(number),
            all_work=range_of(all_work.in_sprints(number)),
            planned=range_of(planned.in_sprints(number)) if planned else None,
        )


def _tasks_done(work: ExpectedWork, ahead: Ahead, tasks: int) -> TasksDone:
    # The first sprint's forecast is of the whole of it: what is done in it comes on top.
    needed = tasks + ahead.done_in_first
    forecast = _planned_work(work) or _all_work(work)
    likely = forecast.sprints_until(needed, EVEN_ODDS)
    promised = forecast.sprints_until(needed, PROMISE)
    return TasksDone(
        tasks=tasks,
        likely_sprints=likely,
        likely_day=None if likely is None else ahead.last_day(likely),
        promised_sprints=promised,
        promised_day=None if promised is None else ahead.last_day(promised),
        sentence=_done_in_words(tasks, likely, promised, ahead),
    )


def _done_in_words(tasks: int, likely: int | None, promised: int | None, ahead: Ahead) -> str:
    named = "1 task is" if tasks == 1 else f"{tasks} tasks are"
    if likely is None:
        return f"{named} not done in {MOST_SPRINTS} sprints even as likely as not."
    even = f"{named} as likely done as not by {_by(likely, ahead)}"
    if promised is None:
        return f"{even}; {PROMISE:.0%} are not reached in {MOST_SPRINTS} sprints."
    return f"{even}, and with {PROMISE:.0%} by {_by(promised, ahead)}."


def _by(sprints: int, ahead: Ahead) -> str:
    last_day = ahead.last_day(sprints).isoformat()
    return f"{last_day} ({sprints} sprint{'' if sprints == 1 else 's'})"


def _plans(work: ExpectedWork) -> Iterator[PlanOfCertainty]:
    for certainty in CERTAINTIES:
        tasks = work.plan_at(certainty)
        yield PlanOfCertainty(
            certainty=certainty,
            tasks=tasks,
            all_done=work.expectation.chance_of_all(tasks),
            in_force=certainty == work.evidence.certainty,
        )


def _back_test(work: ExpectedWork, share: float | None) -> str:
    sprints = len(work.evidence.planned_past)
    if share is None:
        needed = MIN_OWN_SPRINTS + LEAST_REPLAYED
        return f"Not tested: {sprints} past sprints are known, {needed} are needed."
    return (
        f"{share:.0%} of the last {sprints - MIN_OWN_SPRINTS} sprints ended in the range that was"
        f" usual before them; {INTERVAL:.0%} are to be expected."
    )


def _assumptions(work: ExpectedWork) -> Iterator[str]:
    yield ONE_KIND if work.expectation.arriving is None else ARRIVING
    share = work.evidence.capacity_share
    if share is not None and share < 1:
        yield NO_DAYS_OFF


def _reasons(work: ExpectedWork, tasks: int, share: float | None) -> dict[str, str]:
    reasons: dict[str, str] = {}
    if not work.is_known:
        reasons = dict.fromkeys(("in_sprints", "tasks_done", "plans", "rests_on"), work.missing)
    elif not tasks:
        reasons["tasks_done"] = "No task of the backlog is open: name a number of tasks."
    if share is None:
        reasons["coverage"] = _back_test(work, None)
    return reasons
