"""Execution of approved plans without a decision: undo runs, and calls that were asked for."""

from collections.abc import Callable
from typing import Any

from agent.plan_schema import PlanOutcome
from agent.runs.holding import holding
from agent.runs.leaving import leave_to_recovery
from domain_services.kernel.background import giving_back
from graphs.actions_taken import created_by, taken_in_words
from graphs.deeds import build_deed_audit
from graphs.deps import Deps
from graphs.nodes.act import CallFailed, make_calls
from graphs.state import Actions
from graphs.undo import left_by_undo
from memory.decision import Decision
from memory.deleted_schedules import DeletedSchedules
from memory.plan_runs import PlanRuns
from memory.run import Run, RunError, run_url
from memory.run_recovery import RunRecovery
from memory.runs import RunTable
from tools.guard import Guard

DepsOf = Callable[[Run], Deps]


class PlanExecution:
    """Carries out decided runs of kind `undo` and `request`; `deps` makes their tools."""

    def __init__(
        self,
        runs: RunTable,
        plans: PlanRuns,
        recovery: RunRecovery,
        deletions: DeletedSchedules,
        deps: DepsOf,
    ) -> None:
        self._runs = runs
        self._plans = plans
        self._recovery = recovery
        self._deletions = deletions
        self._deps = deps

    async def carry_out(self, run: Run) -> PlanOutcome:
        """Make the calls of a run as its row has them, and finish it.

        Raises: `Unavailable`, `RunFailing`, and the run is tried again; `LeaseLost`.
        """
        plan = Decision.model_validate(run.decision).plan
        try:
            async with (
                giving_back(f"run {run.run_id}", lambda: self._recovery.give_back([run])),
                holding(self._recovery, run),
            ):
                deps = self._deps(run)
                guard = Guard(deps.tools, str(run.run_id), deps.may_call)
                return await self._finish(run, await make_calls(guard, plan))
        except Exception as error:
            # Also a lost lease: the count of a failed try is refused with the same words.
            raise await leave_to_recovery(self._recovery, run, error, self._give_up) from error

    def answer(self, run: Run) -> PlanOutcome:
        """Return the stored answer of a run that has ended without a call."""
        return PlanOutcome.model_validate(run.response)

    async def _finish(self, run: Run, actions: Actions) -> PlanOutcome:
        """Store what was done; a refusal ends the run as failed."""
        error = RunError(kind="Refused", detail=actions.refused[0]) if actions.refused else None
        return await self._end(run, actions, error)

    async def _give_up(self, run: Run, reason: RunError, error: Exception) -> None:
        calls = error.made if isinstance(error, CallFailed) else ()
        await self._end(run, Actions(calls, (reason["detail"],)), reason)

    async def _end(self, run: Run, actions: Actions, error: RunError | None) -> PlanOutcome:
        # The calls were made before anything says so: a run that dies in between makes them again.
        await self._note_schedules(run, len(actions.made))
        outcome = _outcome(run, actions, failed=error is not None)
        status = "done" if error is None else "failed"
        if run.undoes is None or not actions.made:
            await self._plans.finish(run, status, outcome, error=error)
            return outcome
        original = await self._runs.get(run.undoes)
        deed = build_deed_audit(
            original or run,
            "undone" if outcome.undone else "undone_in_part",
            run.reviewed_by or "",
            fingerprint=run.fingerprint,
            steps=[{"done": words} for words in outcome.actions_taken],
            details={"undone_by": str(run.run_id), "stays": list(outcome.stays)},
        )
        taken_back = "whole" if outcome.undone else "part"
        await self._plans.finish(
            run, status, outcome, error=error, taken_back=taken_back, deed=deed
        )
        return outcome

    async def _note_schedules(self, run: Run, count: int) -> None:
        """Remember whose word a schedule goes by, so that no later run makes or leaves it out.

        `count` is the number of calls of the run's plan that were made.
        """
        plan = Decision.model_validate(run.decision).plan
        names = {call.name for call in plan}
        for call in plan[:count]:
            job: dict[str, Any] = {**(call.before or {}), **call.arguments}
            sprint_id = job.get("sprint_id")
            if sprint_id is None:
                continue
            # The schedule of a sprint that was to be cancelled comes back when that was refused.
            if call.name == "delete_cronjob" and "cancel_sprint" not in names:
                by = run.reviewed_by or ""
                await self._deletions.remember(run.project_id, str(sprint_id), by)
            elif call.name == "create_cronjob":
                await self._deletions.forget(str(sprint_id))


def _outcome(run: Run, actions: Actions, *, failed: bool) -> PlanOutcome:
    plan = Decision.model_validate(run.decision).plan
    stays: Any = run.request.get("stays")
    proposed = Decision.model_validate(run.proposal or run.decision).plan
    remaining = left_by_undo(proposed, _rejected_steps(run), actions) if run.undoes else []
    return PlanOutcome(
        run_id=run.run_id,
        run_url=run_url(run.run_id),
        kind=run.kind,
        project_id=run.project_id,
        status="failed" if failed else "done",
        undoes=run.undoes,
        undone=run.undoes is not None and not remaining,
        actions_planned=list(plan),
        actions_taken=taken_in_words(actions),
        stays=[*(stays or ()), *remaining],
        created=created_by(actions),
    )


def _rejected_steps(run: Run) -> set[int]:
    """Return the steps of the proposed plan that a person left out."""
    review: Any = run.review or {}
    answers = review.get("decisions", ())
    return {answer["step"] for answer in answers if answer["type"] == "reject"}
