"""Orchestrator: start a run, decide, act and finish, once for each Idempotency-Key."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog
from uuid_utils.compat import uuid7

from agent.runs.autonomy import Defaults, asks, level_of
from agent.runs.decision_modes import mode_of
from agent.runs.holding import holding
from agent.runs.leaving import reason_of
from agent.runs.proposing import Proposing
from agent.runs.resumption import Resumption
from agent.schema import OrchestrationRequest
from domain_services.kernel.background import giving_back
from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import utc_now
from graphs.answer import Orchestration
from graphs.decision import Graph
from graphs.deps import Deps
from graphs.inputs import inputs_of, to_document
from graphs.report import build_audit, build_episode, build_response
from graphs.rules.base import RequestOptions
from graphs.running import run_graph
from graphs.state import Mode, Order, State, durable
from graphs.steps import Observer, Steps, ignore
from memory.run import EarlierRunInProgress, RequestKey, Run, RunError, run_url
from memory.run_inputs import RunInputs
from memory.run_recovery import RunRecovery
from memory.runs import RunTable
from tools.cron_dialect import parse_schedule
from tools.cron_times import explain_never

logger = structlog.get_logger()


class Repeated(Exception):
    """Interruption of a repeated request, by the answer to the first."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__("the request was answered before")
        self.answer = answer


class Orchestrator:
    """Runs the graph for projects; `deps` makes the dependencies of one run."""

    def __init__(
        self,
        graph: Graph,
        resumption: Resumption,
        runs: RunTable,
        recovery: RunRecovery,
        deps: Callable[[Run], Deps],
        proposing: Proposing,
        *,
        mode: Mode,
        autonomy: Defaults,
        lease_seconds: float,
    ) -> None:
        self._graph = graph
        self._resumption = resumption
        self._runs = runs
        self._recovery = recovery
        self._deps = deps
        self._proposing = proposing
        self._mode = mode
        self._autonomy = autonomy
        self._lease_seconds = lease_seconds

    async def orchestrate(
        self,
        project_id: str,
        request: OrchestrationRequest,
        key: RequestKey | None = None,
        observe: Observer = ignore,
        by: str | None = None,
    ) -> Orchestration:
        """Decide and act, or wait for a person; `observe` gets the run and its steps.

        `by` names the API key that asks; None for a schedule.

        Raises: `Repeated` with the answer to an earlier request with `key`; `NotFound`; `Conflict`
        while another run of the project is unfinished; `Unavailable` when a needed peer is down;
        `Invalid` for a schedule that can never be due, or a key of another request.
        """
        if request.options.schedule is not None:
            _check_schedule(request.options.schedule)
        if key is not None and (answer := await self._runs.earlier_answer(key)) is not None:
            raise Repeated(answer)
        if not request.record:
            return await self._look(project_id, request, Steps(observe))
        document, run_id = request.model_dump(mode="json"), uuid7()
        run = await self._runs.start(
            project_id, document, self._lease_seconds, run_id=run_id, key=key, caller=by
        )
        if run.run_id != run_id:
            raise _repeated(run, project_id, document)
        order, steps = self._order(run, request), Steps(observe)
        observe({"event": "run", "run_id": str(run_id), "run_url": run_url(run_id)})
        try:
            async with (
                giving_back(f"run {run.run_id}", lambda: self._end_undecided(run)),
                holding(self._recovery, run),
            ):
                state = await self._read(run, order, steps)
                waiting = await self._store_plan(run, state, steps)
        except Exception as error:
            await self._end_failed(run, error, steps)
            raise
        if waiting is not None:
            return waiting
        if order.dry_run or not state["decision"].plan:
            return await self._finish_without_acting(run, state, steps)
        return await self._resumption.resume(run, observe)

    async def _end_failed(self, run: Run, error: Exception, steps: Steps) -> None:
        """End a run that could not decide; where that fails, the next start or recovery does."""
        try:
            await self._runs.fail(run.run_id, run.token, reason_of(error), steps.new)
        except Exception as other:
            # Only logged: the caller gets the first error.
            self._runs.hung_up.add(run.run_id)
            logger.warning(
                "run.not_ended",
                run_id=str(run.run_id),
                error=f"{type(other).__name__}: {other}",
            )

    async def _end_undecided(self, run: Run) -> None:
        """End a run whose process leaves, so that the project can be decided elsewhere."""
        detail = "the process stopped before it had acted; send the request again"
        reason = RunError(kind="CancelledError", detail=detail)
        await self._runs.fail(run.run_id, run.token, reason)

    def _order(self, run: Run, request: OrchestrationRequest) -> Order:
        mode = mode_of(run.mode, self._mode)
        shadow = level_of(run, self._autonomy) == "observe"
        return Order(
            options=request_options(request),
            mode=mode,
            dry_run=request.dry_run or shadow,
            shadow=shadow and not request.dry_run,
        )

    async def _look(
        self, project_id: str, request: OrchestrationRequest, steps: Steps
    ) -> Orchestration:
        """Decide without a run: nothing is stored, and an unfinished run is no obstacle."""
        # Without the lease of a run: a look makes no call that another run could meet
        # (docs/adr/0089-decisions-that-acted.md).
        run = await self._runs.unrecorded(project_id, request.model_dump(mode="json"))
        steps.observe({"event": "run", "run_id": None, "run_url": None})
        state = await self._read(run, self._order(run, request), steps)
        return build_response(state).model_copy(
            update={"run_id": None, "run_url": None, "recorded": False}
        )

    async def _finish_without_acting(self, run: Run, state: State, steps: Steps) -> Orchestration:
        deps = self._deps(run)
        response = build_response(state)
        episode = build_episode(state, run, deps.agent_version)
        audit = build_audit(state, run, deps.agent_version)
        inputs = kept_inputs(state, deps.agent_version)
        await self._runs.finish(
            run.run_id, run.token, response, episode, audit, steps=steps.new, inputs=inputs
        )
        return response

    async def _store_plan(self, run: Run, state: State, steps: Steps) -> Orchestration | None:
        """Store a decision that plans a call; return the answer when a person is asked first."""
        # Without a planned call, or with one that must not be made, there is nothing to resume
        # (docs/adr/0009-no-checkpoint-without-action.md).
        decision = state["decision"]
        if not decision.plan or state["order"].dry_run:
            return None
        await self._store(run, state)
        inputs = kept_inputs(state, self._deps(run).agent_version)
        if reason := asks(run, decision.plan, self._autonomy):
            return await self._proposing.propose(run, state, reason, steps.new, inputs)
        await self._runs.decided(run.run_id, run.token, decision, steps.new, inputs)
        return None

    async def _read(self, run: Run, order: Order, steps: Steps) -> State:
        # Without a checkpointer: nodes that only read may be repeated, so the run is stored once
        # (docs/adr/0008-one-durable-point.md).
        reading = self._graph.copy({"checkpointer": None})
        deps = replace(self._deps(run), steps=steps)
        return await run_graph(reading, _first_state(run, order), deps)

    async def _store(self, run: Run, state: State) -> None:
        graph, config = self._resumption.durable(run)
        await graph.aupdate_state(config, durable(state), as_node="gate")


def kept_inputs(state: State, agent_version: str) -> RunInputs:
    """Return what a decision was made from, as it is stored with the decision."""
    return RunInputs(agent_version, to_document(inputs_of(state)))


def _repeated(run: Run, project_id: str, document: dict[str, Any]) -> Exception:
    """Return what a request gets whose key began `run`."""
    if run.project_id != project_id or run.request != document:
        return Invalid("this Idempotency-Key was used for another request; send a new key")
    if run.status in ("running", "decided") or run.response is None:
        return EarlierRunInProgress(run.run_id)
    return Repeated(run.response)


def _check_schedule(schedule: str) -> None:
    """Refuse a schedule that no project could have, whatever its zone and its sprints.

    Raises: `Invalid`.
    """
    parse_schedule(schedule)
    if never := explain_never(schedule, "UTC", utc_now()):
        raise Invalid(f"schedule {schedule!r} would never run: {never}; name another day")


def request_options(request: OrchestrationRequest) -> RequestOptions:
    """Return the part of a request that the rules read."""
    options = request.options
    return RequestOptions(
        create_sprint_if_needed=options.create_sprint_if_needed,
        create_cronjob=options.create_cronjob,
        schedule=options.schedule,
        sprint_duration_weeks=options.sprint_duration_weeks,
        max_tasks=options.max_tasks_per_sprint,
        assign_tasks=options.assign_tasks,
        task_ids=None if options.task_ids is None else tuple(options.task_ids),
    )


def _first_state(run: Run, order: Order) -> State:
    return State(
        project_id=run.project_id,
        run_id=str(run.run_id),
        order=order,
        degraded=[],
        timings={},
    )
