"""The life of a run: started, decided, acted on, finished; resumed by anyone when it is cut off."""

from collections.abc import Callable
from typing import Any, cast

import structlog
from langchain_core.runnables import RunnableConfig

from agent.jobs.schedule import check_schedule
from agent.runs.checkpoints import Checkpoints
from agent.runs.decision_modes import mode_of
from agent.schema import OrchestrationRequest
from domain_services.kernel.background import Loop, every, for_each
from domain_services.kernel.errors import Problem, Unavailable
from graphs.decision import Graph
from graphs.deps import Deps
from graphs.report import build_audit, build_episode, build_response
from graphs.rules.base import RequestOptions
from graphs.state import Mode, Order, State, dump
from memory.runs import Run, RunTable

logger = structlog.get_logger()

RECOVERY_SECONDS = 5.0


class Orchestrator:
    """Runs the graph for projects; `deps` makes what the nodes of one run may reach."""

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

    async def orchestrate(self, project_id: str, request: OrchestrationRequest) -> dict[str, Any]:
        """Decide and act. Raises: `NotFound`, `Conflict` while another run of the project is
        unfinished, `Unavailable` when a needed peer is down."""
        check_schedule(request.options.schedule)
        asked = request.model_dump(mode="json")
        run = await self._runs.start(project_id, asked, self._lease_seconds)
        order = self._order(run, request)
        try:
            state = await self._decide(run, order)
        except BaseException as error:
            reason = {"kind": type(error).__name__, "detail": str(error)}
            await self._runs.fail(run.run_id, run.token, reason)
            raise
        if order.dry_run or not state["decision"]["plan"]:
            return await self._finish_without_deeds(run, state)
        return await self._resume(run)

    def _order(self, run: Run, request: OrchestrationRequest) -> Order:
        mode = mode_of(run.mode, self._mode)
        return Order(request_options(request), mode, request.dry_run or mode.name == "shadow")

    async def recover(self) -> int:
        """Resume runs that were decided and then cut off; returns how many were finished."""
        due = await self._runs.due_for_recovery()
        return sum(await for_each(due, self._recover_run, name=lambda run: f"run {run.run_id}"))

    async def _recover_run(self, run: Run) -> bool:
        try:
            await self._resume(run)
        except Problem as problem:
            logger.warning("run.recovery_failed", run_id=str(run.run_id), error=problem.detail)
            return False
        logger.info("run.recovered", run_id=str(run.run_id), project_id=run.project_id)
        return True

    def loop(self) -> Loop:
        """Return the loop that recovers runs that were cut off."""
        return every(RECOVERY_SECONDS, self.recover, name="run recovery")

    async def _finish_without_deeds(self, run: Run, state: State) -> dict[str, Any]:
        deps = self._deps(run)
        response = build_response(state)
        episode = build_episode(state, response, run, deps.agent_version)
        audit = build_audit(state, response, run, deps.agent_version)
        await self._runs.finish(run.run_id, run.token, response, episode, audit)
        return response

    async def _decide(self, run: Run, order: Order) -> State:
        """Everything that only reads. A decision that plans a call is made durable, once;
        one that plans none leaves nothing to resume."""
        reading = self._graph.copy({"checkpointer": None})
        found = await reading.ainvoke(_first_state(run, order), context=self._deps(run))
        state = cast(State, found)
        if state["decision"]["plan"]:
            graph, config = self._durable(run)
            await graph.aupdate_state(config, state, as_node="gate")
            await self._runs.decided(run.run_id, run.token, state["decision"])
        return state

    async def _resume(self, run: Run) -> dict[str, Any]:
        graph, config = self._durable(run)
        try:
            state = await graph.ainvoke(None, config, context=self._deps(run), durability="exit")
        except Unavailable as error:
            raise Unavailable(
                f"decided but not yet done: {error.detail}; the run is resumed by itself",
                run_id=str(run.run_id),
            ) from error
        return state.get("response", {})

    def _durable(self, run: Run) -> tuple[Graph, RunnableConfig]:
        graph = self._graph.copy({"checkpointer": self._checkpoints.saver()})
        return graph, {"configurable": {"thread_id": str(run.run_id)}}


def request_options(request: OrchestrationRequest) -> RequestOptions:
    """What a request asks of the rules."""
    options = request.options
    return RequestOptions(
        create_sprint_if_needed=options.create_sprint_if_needed and options.assign_tasks,
        create_cronjob=options.create_cronjob,
        schedule=options.schedule,
        sprint_duration_weeks=options.sprint_duration_weeks,
        max_tasks=options.max_tasks_per_sprint,
    )


def _first_state(run: Run, order: Order) -> State:
    return State(
        project_id=run.project_id,
        run_id=str(run.run_id),
        order=dump(Order, order),
        degraded=[],
        timings={},
    )
