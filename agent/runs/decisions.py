"""Decisions of people about runs that wait: check, take the one answer that holds, carry it out."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel, JsonValue

from agent.decision_schema import RunDecision
from agent.runs.answered_plan import AnsweredPlan, answer_plan
from agent.runs.autonomy import Defaults, level_of, way_out_of_observe
from agent.runs.decision_refusals import (
    expired,
    observed,
    other_plan,
    paused,
    refusal_of,
    stale_plan,
    unknown_run,
)
from domain_services.kernel.types import utc_now
from graphs.basis import Basis, ReadBasis, differences, read_basis
from graphs.deeds import build_deed_audit
from graphs.deps import Deps
from graphs.edits import (
    check_limits,
    check_numbers,
    edited_decision,
    selection_by_person,
    task_ids_of,
)
from graphs.evidence.chances import chances_now
from graphs.nodes.planning import read_ages
from memory.decision import Decision, Selection
from memory.proposals import Proposals, Review
from memory.run import Run, RunInProgress, RunKind
from memory.runs import RunTable

MOST_TASKS = 500  # of a sprint whose request names no limit


@dataclass(frozen=True)
class Carrier:
    """Execution of the approved runs of one kind."""

    carry_out: Callable[[Run], Awaitable[BaseModel | None]]
    """Makes the calls and returns the answer; None when the run could not be carried out."""
    answer: Callable[[Run], BaseModel]
    """Returns the stored answer of a run that was rejected."""


class Decisions:
    """Takes people's decisions about waiting runs; `carriers` act on approved ones by kind."""

    def __init__(
        self,
        runs: RunTable,
        proposals: Proposals,
        deps: Callable[[Run], Deps],
        carriers: Mapping[RunKind, Carrier],
        autonomy: Defaults,
    ) -> None:
        self._runs = runs
        self._proposals = proposals
        self._deps = deps
        self._carriers = carriers
        self._autonomy = autonomy

    async def decide(self, run_id: UUID, body: RunDecision, by: str) -> BaseModel:
        """Take the decision of the key `by` about a run, carry it out, and return the answer.

        Raises: `NotFound`; `Invalid` for a wrong step or edit; `Conflict` for a run that does not
        wait, a changed plan, a pause, a project that observes, or another unfinished run; as
        `Resumption.resume`.
        """
        run = await self._get(run_id)
        if run.status != "waiting":
            raise refusal_of(run)
        if run.fingerprint != body.fingerprint:
            raise other_plan(run)
        decision = Decision.model_validate(run.decision)
        answered = answer_plan(decision.plan, body.decisions)
        if not answered.plan:
            return await self._reject(run, _review(run, answered, by))
        edited = await self._check(run, decision, answered, by)
        approved = await self._approve(run, _review(run, answered, by, edited))
        answer = await self._carriers[run.kind].carry_out(approved)
        if answer is None:
            raise refusal_of(await self._get(run_id))
        return answer

    async def _reject(self, run: Run, review: Review) -> BaseModel:
        if not await self._proposals.reject(run, review):
            await self._refuse_ended(run)
            raise other_plan(run)
        return self._carriers[run.kind].answer(await self._get(run.run_id))

    async def _approve(self, run: Run, review: Review) -> Run:
        """Take the run to be carried out; its row has one winner."""
        try:
            approved = await self._proposals.approve(run, review, self._check_may_act)
        except RunInProgress:
            # The unfinished run may be the one that superseded this one a moment ago.
            await self._refuse_ended(run)
            raise
        if approved is None:
            await self._refuse_ended(run)
            raise other_plan(run)
        return approved

    async def _check(
        self, run: Run, decision: Decision, answered: AnsweredPlan, by: str
    ) -> Decision | None:
        """Check that the plan may be carried out now; return the decision when it was changed."""
        if run.expires_at is not None and run.expires_at <= utc_now():
            raise expired(run)
        self._check_may_act(run)
        for step, call in answered.edits.items():
            check_numbers(step, call, _most_tasks(run.request))
        now = await read_basis(
            self._deps(run), run.project_id, answered.plan, proposed=decision.plan
        )
        proposed = Basis.model_validate(run.rests_on)
        for step, call in answered.edits.items():
            check_limits(step, call, now, proposed.tasks)
        selection = decision.selection
        titles = {task.task_id: task.title for task in selection.tasks} if selection else {}
        if changes := differences(proposed, now.basis, answered.plan, titles):
            raise stale_plan(run, changes)
        if answered.deed != "edited":
            return None
        selection = await self._selection(run, answered, now, selection, by)
        return edited_decision(decision, answered.plan, by, selection)

    def _check_may_act(self, run: Run) -> None:
        """Refuse to carry anything out for a project that is paused or only observes."""
        if run.pause is not None:
            raise paused(run, run.pause)
        if level_of(run, self._autonomy) == "observe":
            raise observed(run, way_out_of_observe(run, self._autonomy))

    async def _selection(
        self,
        run: Run,
        answered: AnsweredPlan,
        now: ReadBasis,
        proposed: Selection | None,
        by: str,
    ) -> Selection | None:
        """Return the tasks of the sprint that a person planned; None without a sprint."""
        creation = next((call for call in answered.plan if call.name == "create_sprint"), None)
        if creation is None:
            return None
        task_ids = task_ids_of(creation)
        if proposed is not None and task_ids == [task.task_id for task in proposed.tasks]:
            return proposed
        weeks = creation.arguments["duration_weeks"]
        days = 7 * weeks if isinstance(weeks, int) else 7
        ages = await read_ages(self._deps(run), run.project_id, now.window.today, days)
        tasks = [now.free[task_id] for task_id in task_ids]
        return selection_by_person(tasks, proposed, by, chances_now(ages))

    async def _get(self, run_id: UUID) -> Run:
        run = await self._runs.get(run_id)
        if run is None:
            raise unknown_run(run_id)
        return run

    async def _refuse_ended(self, run: Run) -> None:
        """Refuse with what has become of a run meanwhile; return while it still waits."""
        present = await self._get(run.run_id)
        if present.status != "waiting":
            raise refusal_of(present)
        if present.expires_at is not None and present.expires_at <= utc_now():
            raise expired(present)


def _most_tasks(request: Mapping[str, JsonValue]) -> int:
    options = request.get("options")
    limit = options.get("max_tasks_per_sprint") if isinstance(options, dict) else None
    return limit if isinstance(limit, int) else MOST_TASKS


def _review(run: Run, answered: AnsweredPlan, by: str, edited: Decision | None = None) -> Review:
    audit = build_deed_audit(
        run,
        answered.deed,
        by,
        reason=answered.reason,
        steps=answered.steps,
        fingerprint=run.fingerprint,
    )
    return Review(
        by=by,
        fingerprint=run.fingerprint or "",
        document={"decisions": list(answered.steps)},
        deed_id=audit.audit_id,
        deed=audit,
        decision=edited,
        # Who rejects the request of somebody else has said nothing about the program's own plans.
        unscheduled=answered.unscheduled if run.kind == "decision" else None,
    )
