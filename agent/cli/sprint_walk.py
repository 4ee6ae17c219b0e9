"""Walk of an imported project sprint by sprint: each decision beside what happened."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

from agent.client import OrchestratorClient
from agent.decision_schema import RunDecision, StepAnswer
from agent.importing.errors import CsvRefused
from agent.importing.history import holdout, known_rows
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.row_store import RowStore
from agent.importing.loading.services import Services
from agent.importing.loading.walking import Walk, walk
from agent.schema import OrchestrationRequest
from domain_services.kernel.client.http_client import PeerRefused
from graphs.answer import Orchestration
from graphs.approval import Approval

# A project without anything to plan passes empty windows; so many in a row end the walk.
MAX_EMPTY = 6
APPROVAL_REASON = "approved by dsm walk, for the person who asked for the walk"


@dataclass(frozen=True)
class WalkedSprint:
    """A sprint that was decided, passed and closed, beside what its team did."""

    sprint_id: str
    """Id of the sprint."""
    start_date: date
    """First day."""
    end_date: date
    """Last day."""
    planned: int
    """Tasks of the sprint."""
    completed: int
    """Planned tasks that were finished in the sprint."""
    team_finished: int | None
    """Tasks that the team finished in the days of the sprint; None when no file knows."""
    from_backlog: int | None
    """Tasks of `team_finished` that were in the backlog at the decision; None as above."""
    known_until: date | None
    """Last day of the sprint that the files know; None when they know all of it."""
    rule: int | None
    """Task count of the rule."""
    recommended: int | None
    """Task count that the evidence recommends; None without a recommendation."""
    confidence: float | None
    """Confidence that following the evidence pays, 0..1; None without a change."""
    applied: bool
    """True when the recommendation passed the gate."""
    daily_scrums: int
    """Daily scrums that were held."""
    approved: bool = False
    """True when its plan waited for a person, and the walk approved it with the caller's key."""


async def walk_sprints(
    services: Services,
    store: RowStore,
    project_id: str,
    request: OrchestrationRequest,
    sprints: int,
) -> AsyncIterator[WalkedSprint]:
    """Decide, walk through and close up to `sprints` sprints; yield each when it is closed.

    Ends early where the clock cannot go on: at the real today, with nothing left to plan, or where
    the rows know less than half of the next sprint, in which the team would seem to do nothing.
    Raises: `CsvRefused` when the project follows the clock, or no import saved its rows.
    """
    rows = await known_rows.find(store, project_id)
    if rows is None:
        raise CsvRefused(f"{project_id} has no imported rows: import its file first.")
    # Before the first decision: a project with the calendar's day cannot be walked at all.
    if (await services.project.get_project(project_id)).clock == "live":
        raise CsvRefused(
            f"{project_id} follows the clock and its day moves by itself: only a project that is "
            "held at a day can be walked."
        )
    passed = empty = 0
    while passed < sprints and empty < MAX_EMPTY:
        if await unknown_from(services, rows) is not None:
            return
        answer, approved = await services.orchestrator.orchestrate(project_id, request), False
        if answer.approval is not None:
            # Whoever asked for the walk wants its sprints: the caller's key approves them.
            answer, approved = await approve_all(services.orchestrator, answer.approval), True
        rows = await known_rows.find(store, project_id)
        assert rows is not None
        try:
            walked = await walk(services, store, rows, "next-sprint")
        except PeerRefused as refused:
            # 422: the next sprint would begin after the real today.
            if refused.peer_status == 422:
                return
            raise
        sprint = walked and await _sprint(store, answer, walked, approved=approved)
        if sprint is None:
            empty += 1
        else:
            passed, empty = passed + 1, 0
            yield sprint


async def unknown_from(services: Services, rows: KnownRows) -> date | None:
    """Return the day of a project when its rows know less than half of a sprint from then on."""
    today = (await services.project.get_project(rows.project_id)).today
    known_days = (rows.known_until - today).days + 1
    return today if 2 * known_days < rows.cadence_days else None


async def approve_all(client: OrchestratorClient, approval: Approval) -> Orchestration:
    """Approve each step of a plan that waits. Raises: as `OrchestratorClient.decide`."""
    answers = [
        StepAnswer(step=call.step, type="approve", reason=APPROVAL_REASON)
        for call in approval.action_requests
    ]
    body = RunDecision(fingerprint=approval.fingerprint, decisions=answers)
    return await client.decide(approval.run_id, body)


async def _sprint(
    store: RowStore, answer: Orchestration, walked: Walk, *, approved: bool
) -> WalkedSprint | None:
    created, closed = answer.created, walked.closed_sprint
    if created is None or created.start_date is None or created.end_date is None or closed is None:
        return None
    actual = await holdout.find(store, walked.project_id, created.start_date, created.end_date)
    adjustment = answer.decisions.intelligence_adjustments.get("task_count_modification")
    return WalkedSprint(
        sprint_id=closed.sprint_id,
        start_date=created.start_date,
        end_date=created.end_date,
        planned=len(created.tasks),
        completed=closed.completed_tasks,
        team_finished=actual.finished if actual else None,
        from_backlog=len(actual.from_backlog) if actual else None,
        known_until=actual.known_until if actual else None,
        rule=answer.decisions.rule_based_decision.tasks_to_assign,
        recommended=adjustment.intelligence_recommendation if adjustment else None,
        confidence=adjustment.confidence if adjustment else None,
        applied=bool(adjustment and adjustment.gate.passed),
        daily_scrums=len(walked.daily_scrums),
        approved=approved,
    )
