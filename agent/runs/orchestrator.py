"""Orchestrator: start a run, decide, act and finish; resume a run that another process left."""

from collections.abc import Callable
from typing import cast

import structlog
from langchain_core.runnables import RunnableConfig

from agent.runs.checkpoints import Checkpoints
from agent.runs.decision_modes import mode_of
from agent.runs.release_0_1 import decided_by_release_0_1, upgraded_state
from agent.schema import OrchestrationRequest
from domain_services.kernel.background import Loop, every, for_each, giving_back
from domain_services.kernel.errors import Invalid, Problem, Unavailable
from domain_services.kernel.tracing import rooted
from domain_services.kernel.types import utc_now
from graphs.answer import Orchestration
from graphs.decision import Graph
from graphs.deps import Deps
from graphs.report import build_audit, build_episode, build_response
from graphs.rules.base import RequestOptions
from graphs.state import Mode, Order, State, durable
from memory.runs import Run, RunError, RunTable, run_url
from tools.cron_dialect import parse_schedule
from tools.cron_times import explain_never

logger = structlog.get_logger()

RECOVERY_SECONDS = 5.0  # between two searches for runs whose lease has ended


class Orchestrator:
    """Runs the graph for projects; `deps` makes the dependencies of one run."""

    def __init__(
        self,
        graph: Graph,
        checkpoints: Checkpoints,
        runs: RunTable,
        deps: Callable[[Run], Deps],
        *,
        mode: Mode,
        lease_seconds: float,
    ) -> None:
        self._graph = graph
        self._checkpoints = checkpoints
        self._runs = runs
        self._deps = deps
        self._mode = mode
        self._lease_seconds = lease_seconds

    async def orchestrate(self, project_id: str, request: OrchestrationRequest) -> Orchestration:
        """Decide and act.

        Raises: `NotFound`; `Conflict` while another run of the project is unfinished;
        `Unavailable` when a needed peer is down; `Invalid` for a schedule that can never be due.
        """
        if request.options.schedule is not None:
            _check_schedule(request.options.schedule)
        if not request.record:
            return await self._look(project_id, request)
        run = await self._runs.start(
            project_id, request.model_dump(mode="json"), self._lease_seconds
        )
        order = self._order(run, request)
        try:
            async with giving_back(f"run {run.run_id}", lambda: self._end_undecided(run)):
                state = await self._decide(run, order)
        except Exception as error:
            reason = RunError(kind=type(error).__name__, detail=str(error))
            await self._runs.fail(run.run_id, run.token, reason)
            raise
        if order.dry_run or not state["decision"].plan:
            return await self._finish_without_acting(run, state)
        return await self._resume(run)

    async def _end_undecided(self, run: Run) -> None:
        """End a run whose process leaves, so that the project can be decided elsewhere."""
        detail = "the process stopped before it had acted; send the request again"
        reason = RunError(kind="CancelledError", detail=detail)
        await self._runs.fail(run.run_id, run.token, reason)

    def _order(self, run: Run, request: OrchestrationRequest) -> Order:
        mode = mode_of(run.mode, self._mode)
        shadow = mode.name == "shadow"
        return Order(
            options=request_options(request),
            mode=mode,
            dry_run=request.dry_run or shadow,
            shadow=shadow and not request.dry_run,
        )

    async def _look(self, project_id: str, request: OrchestrationRequest) -> Orchestration:
        """Decide without a run: nothing is stored, and an unfinished run is no obstacle."""
        # Without the lease of a run: a look makes no call that another run could meet
        # (docs/adr/0089-decisions-that-acted.md).
        run = await self._runs.unrecorded(project_id, request.model_dump(mode="json"))
        state = await self._read(run, self._order(run, request))
        return build_response(state).model_copy(
            update={"run_id": None, "run_url": None, "recorded": False}
        )

    async def recover(self) -> int:
        """Resume decided runs whose process died; return how many were finished."""
        due = await self._runs.due_for_recovery()
        async with giving_back("runs to recover", lambda: self._runs.give_back(due)):
            done = await for_each(due, self._recover_run, name=lambda run: f"run {run.run_id}")
        return sum(done)

    async def _recover_run(self, run: Run) -> bool:
        with rooted("recover run", {"dsm.run.id": str(run.run_id)}):
            try:
                await self._upgrade(run)
                await self._resume(run)
            except Problem as problem:
                logger.warning("run.recovery_failed", run_id=str(run.run_id), error=problem.detail)
                return False
            logger.info("run.recovered", run_id=str(run.run_id), project_id=run.project_id)
            return True

    def loop(self) -> Loop:
        """Return the loop that recovers runs."""
        return every(RECOVERY_SECONDS, self.recover, name="run recovery")

    async def _finish_without_acting(self, run: Run, state: State) -> Orchestration:
        deps = self._deps(run)
        response = build_response(state)
        episode = build_episode(state, run, deps.agent_version)
        audit = build_audit(state, run, deps.agent_version)
        await self._runs.finish(run.run_id, run.token, response, episode, audit)
        return response

    async def _decide(self, run: Run, order: Order) -> State:
        """Run the nodes that only read, and store a decision that plans a call."""
        state = await self._read(run, order)
        # Without a planned call, or with one that must not be made, there is nothing to resume
        # (docs/adr/0009-no-checkpoint-without-action.md).
        if state["decision"].plan and not order.dry_run:
            await self._store(run, state)
            await self._runs.decided(run.run_id, run.token, state["decision"])
        return state

    async def _read(self, run: Run, order: Order) -> State:
        # Without a checkpointer: nodes that only read may be repeated, so the run is stored once
        # (docs/adr/0008-one-durable-point.md).
        reading = self._graph.copy({"checkpointer": None})
        state = await reading.ainvoke(_first_state(run, order), context=self._deps(run))
        return cast(State, state)

    async def _store(self, run: Run, state: State) -> None:
        graph, config = self._durable(run)
        await graph.aupdate_state(config, durable(state), as_node="gate")

    async def _upgrade(self, run: Run) -> None:
        """Convert the stored state of a run that release 0.1.0 decided."""
        if not decided_by_release_0_1(run.decision):
            return
        graph, config = self._durable(run)
        # Not by the graph's own `aget_state`, which leaves out the channels that it no longer has.
        stored = await self._checkpoints.saver().aget_tuple(config)
        if stored is not None:
            state = upgraded_state(stored.checkpoint["channel_values"])
            await graph.aupdate_state(config, state, as_node="gate")

    async def _resume(self, run: Run) -> Orchestration:
        graph, config = self._durable(run)
        try:
            async with giving_back(f"run {run.run_id}", lambda: self._runs.give_back([run])):
                state = await graph.ainvoke(
                    None, config, context=self._deps(run), durability="exit"
                )
        except Unavailable as error:
            raise Unavailable(
                f"decided but not yet done: {error.detail}; the run is resumed by itself",
                run_id=str(run.run_id),
                run_url=run_url(run.run_id),
            ) from error
        return cast(State, state)["response"]

    def _durable(self, run: Run) -> tuple[Graph, RunnableConfig]:
        # A stored run is past the interrupt in front of `act`. LangGraph would stop there again for
        # a run with channels of an earlier release, which count as updated for good.
        graph = self._graph.copy(
            {"checkpointer": self._checkpoints.saver(), "interrupt_before_nodes": ()}
        )
        return graph, {"configurable": {"thread_id": str(run.run_id)}}


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
