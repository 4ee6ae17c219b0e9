"""Requests of people and agents for a plan that waits: take a run back, or make one call."""

from collections.abc import Callable, Sequence
from typing import Any, cast
from uuid import UUID

import orjson
from pydantic import ValidationError

from agent.plan_schema import CallRequest, PlanOutcome, UndoRequest
from agent.runs.decision_refusals import unknown_run
from agent.runs.proposing import Proposing
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Conflict, Invalid, NotFound
from graphs.basis import read_basis
from graphs.deeds import build_deed_audit
from graphs.deps import Deps
from graphs.edits import check_limits
from graphs.undo import finished_calls, plan_undo, with_before
from memory.decision import Decision, PlannedCall
from memory.episode_documents import JsonObject
from memory.plan_runs import AlreadyUndone, PlanRuns, WaitingPlan
from memory.run import Run, RunKind, run_url
from memory.runs import RunTable
from tools.for_models import plan_call, projects_of
from tools.registry import write_arguments

MOST_TASKS = 500  # of a sprint that is asked for


class CannotUndo(Conflict):
    """The run cannot be taken back; `stays` says why, call by call."""

    code = "cannot_undo"
    title = "The run cannot be undone"


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
        words = f"{by} asks to take run {run_id} back"
        return await self._open(
            run, "undo", undo.plan, words, by, request.reason, stays=undo.stays, undoes=original
        )

    async def call(self, request: CallRequest, by: str) -> PlanOutcome:
        """Let one call wait for a person.

        Raises: `Invalid` for an unknown tool or wrong arguments; `NotFound` for an unknown project;
        `TooManyRequests`; `Unavailable` when a needed peer is down.
        """
        call = _planned(request)
        try:
            return await self._ask(call, request, by)
        except PeerRefused as refusal:
            if refusal.peer_status != 404:
                raise
            raise NotFound(f"{refusal.detail}; check the ids of the call") from refusal

    async def _ask(self, call: PlannedCall, request: CallRequest, by: str) -> PlanOutcome:
        document: JsonObject = request.model_dump(mode="json") | {"key": by}
        run = await self._runs.unrecorded(request.project_id, document)
        deps = self._deps(run)
        read = await read_basis(deps, request.project_id, [call])
        check_limits(0, call, read, MOST_TASKS, ())
        call = await with_before(deps, call)
        if call.before is None and "name" in call.arguments:
            raise NotFound(
                f"{request.project_id} has no schedule {call.arguments['name']};"
                f" dsm schedule list {request.project_id} names them"
            )
        asked_by = f"{request.asked_by} ({by})" if request.asked_by else by
        words = f"{asked_by} asks for it" + (f": {request.reason}" if request.reason else "")
        return await self._open(run, "request", (call,), words, by, request.reason)

    async def _open(
        self,
        run: Run,
        kind: RunKind,
        plan: Sequence[PlannedCall],
        words: str,
        by: str,
        reason: str | None,
        *,
        stays: Sequence[str] = (),
        undoes: Run | None = None,
    ) -> PlanOutcome:
        approval, basis = await self._proposing.ask(run, plan, words)
        outcome = PlanOutcome(
            run_id=run.run_id,
            run_url=run_url(run.run_id),
            kind=kind,
            project_id=run.project_id,
            status="waiting",
            undoes=undoes and undoes.run_id,
            actions_planned=list(plan),
            stays=list(stays),
            approval=approval,
        )
        deed = build_deed_audit(
            run,
            "asked",
            by,
            reason=reason,
            steps=[{"step": step, "name": call.name} for step, call in enumerate(plan)],
            fingerprint=approval.fingerprint,
            details={"kind_of_run": kind, "undoes": str(undoes.run_id) if undoes else None},
        )
        await self._plans.open(
            WaitingPlan(
                run_id=run.run_id,
                project_id=run.project_id,
                kind=kind,
                request={**run.request, "stays": [*stays]},
                decision=_decision(plan, words),
                response=outcome,
                fingerprint=approval.fingerprint,
                rests_on=basis.model_dump(mode="json"),
                expires_at=approval.expires_at,
                deed=deed,
                undoes=undoes and undoes.run_id,
            )
        )
        return outcome


def _refuse_unfinished(run: Run) -> None:
    """Refuse to take back a run that has nothing behind it. Raises: `Conflict`."""
    place: dict[str, Any] = {"run_id": str(run.run_id), "run_url": run_url(run.run_id)}
    if run.status == "undone":
        raise AlreadyUndone(
            f"run {run.run_id} is undone already, by run {run.undone_by}",
            undone_by=str(run.undone_by),
            **place,
        )
    if run.kind == "undo":
        raise CannotUndo(
            f"run {run.run_id} took another one back, and is not taken back itself;"
            f" dsm orchestrate {run.project_id} decides again",
            **place,
        )
    if run.status != "done":
        raise CannotUndo(
            f"run {run.run_id} is {run.status}; only a run that is done can be undone", **place
        )


def _planned(request: CallRequest) -> PlannedCall:
    """Return the call that is asked for, its arguments checked by the tool. Raises: `Invalid`."""
    tools = write_arguments()
    model = tools.get(request.name)
    if model is None:
        raise Invalid(f"no tool that acts is named {request.name}; name one of {', '.join(tools)}")
    try:
        valid = model.model_validate_json(orjson.dumps(request.arguments))
    except ValidationError as error:
        reasons = [
            f"{'.'.join(str(part) for part in fault['loc']) or 'arguments'}: {fault['msg']}"
            for fault in error.errors()
        ]
        raise Invalid(f"{request.name}: {'; '.join(reasons)}") from error
    arguments = cast("JsonObject", valid.model_dump(mode="json", exclude_none=True))
    if others := projects_of(arguments) - {request.project_id}:
        raise Invalid(
            f"{request.name} is about {', '.join(sorted(others))}, not about {request.project_id}:"
            " ask for it in its own project"
        )
    return plan_call(request.name, arguments)


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
