"""Resumption of decided runs: make their calls, repeat what failed, end what cannot be finished."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, cast

import structlog
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple
from pydantic import BaseModel

from agent.runs.checkpoints import Checkpoints
from agent.runs.holding import holding
from agent.runs.leaving import RECOVERY_SECONDS, leave_to_recovery
from agent.runs.release_0_1 import decided_by_release_0_1, upgraded_state
from domain_services.kernel.background import Loop, every, for_each, giving_back
from domain_services.kernel.database.failures import outage
from domain_services.kernel.errors import Problem
from domain_services.kernel.tracing import rooted
from graphs.answer import Orchestration
from graphs.decision import Graph
from graphs.deps import Deps
from graphs.nodes.act import CallFailed
from graphs.report import (
    build_audit,
    build_episode,
    build_response,
    closed_sprint,
    unscheduled_sprint,
)
from graphs.running import run_graph
from graphs.state import Actions, State, durable
from graphs.steps import Observer, Steps, ignore
from memory.decision import Decision
from memory.run import LeaseLost, Run, RunError, RunKind
from memory.run_recovery import RunRecovery
from memory.runs import RunTable

logger = structlog.get_logger()

CarryOut = Callable[[Run], Awaitable[BaseModel | None]]

AT_ONCE = 4  # a run whose calls take long delays no other


class Resumption:
    """Carries out decided runs; `deps` makes the dependencies of one run."""

    def __init__(
        self,
        graph: Graph,
        checkpoints: Checkpoints,
        runs: RunTable,
        recovery: RunRecovery,
        deps: Callable[[Run], Deps],
        others: Mapping[RunKind, CarryOut] = MappingProxyType({}),
    ) -> None:
        """`others` carry out what the recovery claims of other kinds than decisions."""
        self._graph = graph
        self._checkpoints = checkpoints
        self._runs = runs
        self._recovery = recovery
        self._deps = deps
        self._others = others

    def loop(self) -> Loop:
        """Return the loop that recovers runs."""
        return every(RECOVERY_SECONDS, self.recover, name="run recovery")

    def durable(self, run: Run) -> tuple[Graph, RunnableConfig]:
        """Return the graph with stored state, and the configuration of one run."""
        # A stored run is past the interrupt in front of `act`. LangGraph would stop there again for
        # a run with channels of an earlier release, which count as updated for good.
        graph = self._graph.copy(
            {"checkpointer": self._checkpoints.saver(), "interrupt_before_nodes": ()}
        )
        return graph, {"configurable": {"thread_id": str(run.run_id)}}

    async def resume(self, run: Run, observe: Observer = ignore) -> Orchestration:
        """Make the calls of a decided run and finish it; `observe` gets its steps.

        Raises: `Unavailable`, `RunFailing`, and the run is tried again; `LeaseLost`.
        """
        graph, config = self.durable(run)
        try:
            async with (
                giving_back(f"run {run.run_id}", lambda: self._recovery.give_back([run])),
                holding(self._recovery, run),
            ):
                deps = replace(self._deps(run), steps=Steps(observe))
                state = await run_graph(graph, None, deps, config, durability="exit")
        except LeaseLost:
            raise
        except Exception as error:
            raise await leave_to_recovery(self._recovery, run, error, self._give_up) from error
        return state["response"]

    async def carry_out(self, run: Run, observe: Observer = ignore) -> Orchestration | None:
        """Carry out a run as its row has it: one that was approved, or whose process died.

        None when its stored state is gone, which ends it. Raises: as `resume`.
        """
        try:
            stored = await self._checkpoints.find(run.run_id)
            if stored is None:
                await self._end_without_state(run)
                return None
            await self._prepare(run, stored)
        except LeaseLost:
            raise
        except Exception as error:
            # Its stored state cannot be read: another release may have written it.
            raise await leave_to_recovery(self._recovery, run, error, self._give_up) from error
        return await self.resume(run, observe)

    async def recover(self) -> int:
        """Resume decided runs whose process died; return how many were finished."""
        due = await self._recovery.due()
        async with giving_back("runs to recover", lambda: self._recovery.give_back(due)):
            done = await for_each(
                due, self._recover_run, name=lambda run: f"run {run.run_id}", at_once=AT_ONCE
            )
        return sum(done)

    async def _recover_run(self, run: Run) -> bool:
        with rooted("recover run", {"dsm.run.id": str(run.run_id)}):
            try:
                carry_out = self._others.get(run.kind, self.carry_out)
                if await carry_out(run) is None:
                    return False
            except Problem as problem:
                logger.warning("run.recovery_failed", run_id=str(run.run_id), error=problem.detail)
                return False
            logger.info("run.recovered", run_id=str(run.run_id), project_id=run.project_id)
            return True

    async def _end_without_state(self, run: Run) -> None:
        detail = "its stored state is gone, so that it cannot be finished; orchestrate again"
        logger.error(
            "run.given_up", run_id=str(run.run_id), project_id=run.project_id, error=detail
        )
        await self._runs.fail(run.run_id, run.token, RunError(kind="StateMissing", detail=detail))

    async def _prepare(self, run: Run, stored: CheckpointTuple) -> None:
        """Put a stored run in front of `act` whose state is another's, or differs from its row.

        The row says what is carried out: a person may have edited the plan
        (docs/adr/0140-waiting-is-a-status.md).
        """
        # Not by the graph's own `aget_state`, which leaves out the channels that it no longer has.
        channels: dict[str, Any] = stored.checkpoint["channel_values"]
        if decided_by_release_0_1(run.decision):
            state = upgraded_state(channels)
        else:
            decision = Decision.model_validate(run.decision)
            # With a response its graph has ended, and the run table says that it has not: as in a
            # database that was restored to an earlier moment. LangGraph would do nothing, again.
            if "response" not in channels and channels["decision"] == decision:
                return
            state = durable(cast(State, {**channels, "decision": decision}))
        graph, config = self.durable(run)
        await graph.aupdate_state(config, state, as_node="gate")

    async def _give_up(self, run: Run, reason: RunError, error: Exception) -> None:
        """End a run as failed, with what it has done and an audit of it when that is known."""
        logger.error("run.given_up", run_id=str(run.run_id), project_id=run.project_id, **reason)
        if isinstance(error, CallFailed):
            try:
                await self._finish_part(run, reason, Actions(error.made, (reason["detail"],)))
                return
            except LeaseLost:
                raise
            except Exception as other:
                if outage(other) is not None:
                    raise
                logger.error("run.not_recorded", run_id=str(run.run_id), exc_info=other)
        await self._runs.fail(run.run_id, run.token, reason)

    async def _finish_part(self, run: Run, reason: RunError, actions: Actions) -> None:
        graph, config = self.durable(run)
        state = cast(State, (await graph.aget_state(config)).values | {"actions": actions})
        version = self._deps(run).agent_version
        await self._runs.finish(
            run.run_id,
            run.token,
            build_response(state),
            build_episode(state, run, version),
            build_audit(state, run, version),
            closed_sprint=closed_sprint(state),
            unscheduled_sprint=unscheduled_sprint(state, run),
            error=reason,
        )


def stored_answer(run: Run) -> Orchestration:
    """Return the answer of a run that has ended or waits."""
    return Orchestration.model_validate(run.response)
