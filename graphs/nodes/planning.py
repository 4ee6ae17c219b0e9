"""Read what a new sprint is planned from: the ages of the tasks and the candidates."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from domain_services.backlog.planning_schema import Candidate, TaskAges
from domain_services.kernel.errors import Invalid
from graphs.deps import Sources
from graphs.evidence.chances import Chances, chances_now, pool_chances
from graphs.evidence.evidence import Draft, Evidence
from graphs.evidence.pace_words import explain_pace
from graphs.evidence.selection import PlanningOrder, plannable_order
from graphs.nodes.history import as_sprint
from graphs.rules.base import Facts, TaskFact
from graphs.state import PastSprint, Planning
from graphs.thresholds import LOOK_BACK_WINDOWS, MAX_CHANGE, READ_AHEAD

MOST_CANDIDATES = 1000  # as many as the backlog lists in one answer


async def read_planning(
    sources: Sources,
    facts: Facts,
    past: Sequence[PastSprint],
    ages: TaskAges | None,
    certainty: int,
    *,
    history_known: bool,
) -> tuple[Planning, Facts]:
    """Read the candidates of a project without a running sprint.

    `ages` are those of its tasks; None while a sprint runs. Returns the planning, and the facts
    with the own pace and the tasks that can be planned. Raises: `Invalid` for a task of the request
    that cannot be planned.
    """
    days = 7 * facts.options.sprint_duration_weeks
    evidence = Evidence(
        project_id=facts.project_id,
        history=tuple(as_sprint(sprint) for sprint in past),
        plannable=facts.unassigned_tasks,
        days=days,
        team_size=facts.team_size,
        max_tasks=facts.options.max_tasks,
        capacity_share=capacity_share(facts),
        certainty=certainty,
        ages=ages,
    )
    if facts.active_sprint is not None:
        planning = Planning(evidence, PlanningOrder((), ()), history_known)
        return planning, with_pace(facts, evidence, history_known=history_known)
    limit = _most_candidates(facts, evidence)
    candidates = await _candidates(sources, facts, evidence, limit)
    order = plannable_order(candidates)
    evidence = replace(evidence, plannable=len(order.plannable), draft=_draft(facts, candidates))
    facts = replace(
        with_pace(facts, evidence, history_known=history_known),
        unassigned_tasks=count_free_tasks(facts.unassigned_tasks, len(candidates), limit)
        if facts.options.task_ids is None
        else facts.unassigned_tasks,
        plannable=tuple(TaskFact(task.task_id, task.priority) for task in order.plannable),
    )
    return Planning(evidence, order, history_known), facts


async def read_ages(sources: Sources, project_id: str, day: date, days: int) -> TaskAges:
    """Read the ages of the tasks on a day, and in the windows of `days` before it."""
    return await sources.backlog.count_ages(project_id, day, days=days, windows=LOOK_BACK_WINDOWS)


def chances_of(evidence: Evidence) -> Chances:
    """Return the chances by age for the next sprint."""
    if evidence.ages is None:
        return pool_chances(evidence.days or 14)
    return chances_now(evidence.ages)


def capacity_share(facts: Facts) -> float | None:
    """Return the window's working time over that of a window without holidays and leave, 0..1.

    None when it is not known.
    """
    weekdays = 5 * facts.options.sprint_duration_weeks
    return working_share(facts.working_days, facts.team_size, facts.team_working_days, weekdays)


def working_share(
    working_days: int | None, team_size: int | None, team_working_days: int | None, weekdays: int
) -> float | None:
    """Divide working time by that of `weekdays` without holidays and leave, 0..1; None as above."""
    # At most 1: no record says what a team completes on extra days.
    if working_days is None or not weekdays:
        return None
    if team_size and team_working_days is not None:
        return min(1.0, team_working_days / (team_size * weekdays))
    return min(1.0, working_days / weekdays)


def with_pace(facts: Facts, evidence: Evidence, *, history_known: bool) -> Facts:
    """Add the own pace and its reason to the facts."""
    reason = explain_pace(evidence)
    if not history_known:
        reason = f"The project's past did not answer. {reason}"
    return replace(facts, pace_tasks=evidence.pace_tasks, pace_reason=reason)


def _most_candidates(facts: Facts, evidence: Evidence) -> int:
    """Return how many candidates are read: the largest plan and some beyond it."""
    if facts.options.task_ids is not None:
        return MOST_CANDIDATES
    pace = evidence.pace_tasks
    return min(MOST_CANDIDATES, pace + max(1, int(pace * MAX_CHANGE)) + READ_AHEAD)


def count_free_tasks(summary_count: int, listed: int, limit: int) -> int:
    """Count the free tasks by two reads that may disagree."""
    # Summary and list are two reads, and the backlog may change in between. The list holds all
    # free tasks when it is shorter than its limit, and its count is the plan's own then.
    return listed if listed < limit else max(summary_count, listed)


async def _candidates(
    sources: Sources, facts: Facts, evidence: Evidence, limit: int
) -> list[Candidate]:
    draft = facts.options.task_ids
    candidates = await sources.backlog.list_candidates(
        facts.project_id,
        facts.today,
        limit=limit,
        class_borders=chances_of(evidence).merged_borders,
        task_ids=draft,
    )
    if draft is not None:
        _require_free(facts.project_id, draft, candidates)
    return candidates


def _require_free(project_id: str, draft: Sequence[str], candidates: Sequence[Candidate]) -> None:
    """Refuse a draft with a task that is not there or not free. Raises: `Invalid`."""
    free = {candidate.task_id for candidate in candidates}
    if missing := [task_id for task_id in draft if task_id not in free]:
        raise Invalid(
            f"task_ids: {', '.join(missing)}: not free to be planned in {project_id};"
            f" `dsm backlog show {project_id}` lists the tasks that are",
            errors=[{"task_id": task_id} for task_id in missing],
        )


def _draft(facts: Facts, candidates: Sequence[Candidate]) -> Draft | None:
    if facts.options.task_ids is None:
        return None
    return Draft(len(candidates), tuple(candidate.age_days for candidate in candidates))
