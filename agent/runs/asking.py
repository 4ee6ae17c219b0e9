"""Requests of people and agents for a plan that waits: take a run back, or make one call."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from agent.plan_schema import CallRequest, PlanOutcome, UndoRequest
from agent.runs.decision_refusals import unknown_run
from agent.runs.proposing import Proposing
from agent.runs.requested_calls import call_key, planned_call, refuse_in_vain
from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Conflict, NotFound
from graphs.approval import Approval
from graphs.basis import read_basis
from graphs.deeds import build_deed_audit
from graphs.deps import Deps
from graphs.edits import check_limits, check_numbers
from graphs.undo import finished_calls, plan_undo, with_before
from memory.decision import Decision, PlannedCall
from memory.episode_documents import JsonObject
from memory.plan_runs import PlanRuns, WaitingPlan, already_undone
from memory.run import Run, RunKind, run_url
from memory.runs import RunTable
from memory.waiting_requests import CallKey

MOST_TASKS = 500  # of a sprint that is asked for


class CannotUndo(Conflict):
    """The run cannot be taken back; `stays` says why, call by call."""

    code = "cannot_undo"
    title = "The run cannot be undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlanRequest:
    """Plan that somebody asks a person to approve."""

    kind: RunKind
    """`undo` or `request`."""
    plan: Sequence[PlannedCall]
    """Calls that are asked for."""
    words: str
    """Who asks for it, as the person reads it."""
    by: str
    """Name of the API key."""
    reason: str | None
    """Why, in words; None without a reason."""
    stays: Sequence[str] = ()
    """Calls of the other run that are not taken back."""
    undoes: UUID | None = None
    """Run that is taken back; None for a request."""
    key: CallKey | None = None
    """Identity of the call that asks; None without one."""


class Asking:
    """Opens runs of kind `undo` and `request`, which wait for a person."""

    def __init__(
        self,
        runs: RunTable,
        plans: PlanRuns,
        proposing: Proposing,
        deps: Callable[[Run], Deps],
    ) -> None:
        self._runs = runs
        self._plans = plans
        self._proposing = proposing
        self._deps = deps

    async def undo(self, run_id: UUID, request: UndoRequest, by: str) -> PlanOutcome:
        """Plan how a run is taken back, and let the plan wait for a person.

        Raises: `NotFound`; `CannotUndo`, `AlreadyUndone`, `UndoWaits`; `Unavailable` when a needed
        peer is down.
        """
        original = await self._runs.get(run_id)
        if original is None:
            raise unknown_run(run_id)
        _refuse_unfinished(original)
        document: JsonObject = {
            "undoes": str(run_id),
            "reason": request.reason,
            "asked_by": by,
        }
        run = await self._runs.unrecorded(original.project_id, document)
        plan = Decision.model_validate(original.decision).plan if original.decision else ()
        calls = finished_calls(plan, original.response or {})
        undo = await plan_undo(self._deps(run), calls)
        if not undo.plan:
            why = "; ".join(undo.stays) or "it made no call"
            raise CannotUndo(
                f"nothing of run {run_id} can be taken back: {why}", stays=list(undo.stays)
            )
        plan_request = _PlanRequest(
            kind="undo",
            plan=undo.plan,
            words=f"{by} asks to take run {run_id} back",
            by=by,
            reason=request.reason,
            stays=undo.stays,
            undoes=run_id,
        )
        return await self._open(run, plan_request)

    async def call(self, request: CallRequest, by: str, key: str | None = None) -> PlanOutcome:
        """Let one call wait for a person.

        The same call that waits already, or that was asked for with `key` before, is answered by
        its run. Raises: `Invalid` for an unknown tool or wrong arguments; `NotFound` for an
        unknown project; `NotNow`; `TooManyRequests`; `Unavailable` when a needed peer is down.
        """
        call = planned_call(request)
        of_call = None if key is None else call_key(key, call, by)
        if of_call is not None and (earlier := await self._plans.of_key(of_call)) is not None:
            return _outcome_of(earlier)
        try:
            return await self._ask(call, request, by, of_call)
        except PeerRefused as refusal:
            if refusal.peer_status != 404:
                raise
            raise NotFound(f"{refusal.detail}; check the ids of the call") from refusal

    async def _ask(
        self, call: PlannedCall, request: CallRequest, by: str, key: CallKey | None
    ) -> PlanOutcome:
        document: JsonObject = request.model_dump(mode="json") | {"key": by}
        run = await self._runs.unrecorded(request.project_id, document)
        deps = self._deps(run)
        check_numbers(0, call, MOST_TASKS)
        read = await read_basis(deps, request.project_id, [call], with_capacity=False)
        check_limits(0, call, read, ())
        await refuse_in_vain(deps, call, read.basis)
        call = await with_before(deps, call)
        if call.before is None and "name" in call.arguments:
            raise NotFound(
                f"{request.project_id} has no schedule {call.arguments['name']};"
                f" dsm schedule list {request.project_id} names them"
            )
        asked_by = f"{request.asked_by} ({by})" if request.asked_by else by
        words = f"{asked_by} asks for it" + (f": {request.reason}" if request.reason else "")
        plan_request = _PlanRequest(
            kind="request", plan=(call,), words=words, by=by, reason=request.reason, key=key
        )
        return await self._open(run, plan_request)

    async def _open(self, run: Run, plan_request: _PlanRequest) -> PlanOutcome:
        """Let a run wait; the one that waits for the same request already is answered instead."""
        approval, basis = await self._proposing.ask(run, plan_request.plan, plan_request.words)
        outcome = _waiting_outcome(run, plan_request, approval)
        earlier = await self._plans.open(
            WaitingPlan(
                run_id=run.run_id,
                project_id=run.project_id,
                kind=plan_request.kind,
                request={**run.request, "stays": [*plan_request.stays]},
                decision=_decision(plan_request.plan, plan_request.words),
                response=outcome,
                fingerprint=approval.fingerprint,
                rests_on=basis.model_dump(mode="json"),
                expires_at=approval.expires_at,
                deed=_audit(run, plan_request, approval.fingerprint),
                undoes=plan_request.undoes,
                key=plan_request.key,
            )
        )
        return outcome if earlier is None else _outcome_of(earlier)


def _waiting_outcome(run: Run, plan_request: _PlanRequest, approval: Approval) -> PlanOutcome:
    return PlanOutcome(
        run_id=run.run_id,
        run_url=run_url(run.run_id),
        kind=plan_request.kind,
        project_id=run.project_id,
        status="waiting",
        undoes=plan_request.undoes,
        actions_planned=list(plan_request.plan),
        stays=list(plan_request.stays),
        approval=approval,
    )


def _audit(run: Run, plan_request: _PlanRequest, fingerprint: str) -> DecisionAuditCreate:
    return build_deed_audit(
        run,
        "asked",
        plan_request.by,
        reason=plan_request.reason,
        steps=[{"step": step, "name": call.name} for step, call in enumerate(plan_request.plan)],
        fingerprint=fingerprint,
        details={
            "kind_of_run": plan_request.kind,
            "undoes": None if plan_request.undoes is None else str(plan_request.undoes),
        },
    )


def _outcome_of(run: Run) -> PlanOutcome:
    """Return the outcome of a run as far as it is now."""
    if run.response is not None:
        outcome = PlanOutcome.model_validate(run.response)
        return outcome.model_copy(update={"status": run.status})
    # Approved, and its calls are being made.
    return PlanOutcome(
        run_id=run.run_id,
        run_url=run_url(run.run_id),
        kind=run.kind,
        project_id=run.project_id,
        status=run.status,
        undoes=run.undoes,
        actions_planned=list(Decision.model_validate(run.decision).plan),
    )


# Advice for a run that has nothing behind it, by its status.
_INSTEAD: Mapping[str, str] = {
    "running": "it has made no call yet; ask again when it has ended",
    "decided": "its calls are being made; ask again when it is done",
    "waiting": "it has made no call; dsm reject refuses it",
    "abandoned": "it made no call",
    "rejected": "it made no call",
    "expired": "it made no call",
    "superseded": "it made no call",
}


def _refuse_unfinished(run: Run) -> None:
    """Refuse to take back a run that has nothing behind it. Raises: `Conflict`."""
    place: dict[str, Any] = {"run_id": str(run.run_id), "run_url": run_url(run.run_id)}
    if run.status == "undone":
        raise already_undone(run.run_id, run.undone_by or run.run_id)
    if run.kind == "undo":
        raise CannotUndo(
            f"run {run.run_id} took another one back, and is not taken back itself;"
            f" dsm orchestrate {run.project_id} decides again",
            **place,
        )
    # A run that failed on its way has made calls before.
    if run.status not in ("done", "failed"):
        raise CannotUndo(f"run {run.run_id} is {run.status}: {_INSTEAD[run.status]}", **place)


def _decision(plan: Sequence[PlannedCall], words: str) -> Decision:
    return Decision(
        create_sprint=any(call.name == "create_sprint" for call in plan),
        close_sprint=any(call.name == "close_sprint" for call in plan),
        tasks=None,
        duration_weeks=None,
        rule=None,
        adjustments=None,
        source="rule_based_only",
        reasoning=words,
        plan=tuple(plan),
    )
