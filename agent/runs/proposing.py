"""Proposal of a decided plan to a person, and the loop that ends proposals nobody answered."""

from collections.abc import Callable, Sequence

import structlog

from domain_services.kernel.background import Loop, every, for_each
from domain_services.kernel.types import utc_now
from graphs.answer import Orchestration
from graphs.approval import Approval
from graphs.basis import Basis, read_basis
from graphs.deps import Deps
from graphs.proposal import build_approval, end_of_next_working_day, open_tasks
from graphs.report import build_audit_draft, build_episode, build_waiting_response
from graphs.state import State
from memory.decision import PlannedCall
from memory.proposals import Proposal, Proposals
from memory.run import Run
from memory.run_inputs import RunInputs
from memory.run_steps import Step

logger = structlog.get_logger()

EXPIRY_SECONDS = 30.0  # between two searches for proposals whose time is over


class Proposing:
    """Lets runs wait for a person; `deps` makes the dependencies of one run."""

    def __init__(self, proposals: Proposals, deps: Callable[[Run], Deps]) -> None:
        self._proposals = proposals
        self._deps = deps

    def loop(self) -> Loop:
        """Return the loop that ends proposals whose time is over."""
        return every(EXPIRY_SECONDS, self.expire, name="proposals")

    async def ask(
        self, run: Run, plan: Sequence[PlannedCall], reason: str
    ) -> tuple[Approval, Basis]:
        """Return what a person is asked about a plan, and what the plan rests on.

        Raises: `Unavailable` when a needed peer is down.
        """
        deps = self._deps(run)
        read = await read_basis(deps, run.project_id, plan)
        approval = build_approval(
            run,
            plan,
            read.basis,
            reason=reason,
            expires_at=await end_of_next_working_day(deps.project, run.project_id, utc_now()),
            going_back=await open_tasks(deps.sprint, plan),
        )
        return approval, read.basis

    async def propose(
        self, run: Run, state: State, reason: str, steps: Sequence[Step], inputs: RunInputs
    ) -> Orchestration:
        """Let a decided run wait, and return its answer.

        Raises: `Unavailable`, `LeaseLost`; nothing waits then.
        """
        decision, version = state["decision"], self._deps(run).agent_version
        approval, basis = await self.ask(run, decision.plan, reason)
        response = build_waiting_response(state, approval)
        proposal = Proposal(
            decision=decision,
            response=response,
            fingerprint=approval.fingerprint,
            rests_on=basis.model_dump(mode="json"),
            expires_at=approval.expires_at,
            episode=build_episode(state, run, version),
            audit=build_audit_draft(state, run, version),
            steps=steps,
            inputs=inputs,
        )
        await self._proposals.propose(run, proposal)
        return response

    async def expire(self) -> int:
        """End the proposals whose time is over; return how many were ended."""
        due = await self._proposals.due()
        ended = await for_each(due, self._expire_run, name=lambda run: f"run {run.run_id}")
        return sum(ended)

    async def _expire_run(self, run: Run) -> bool:
        expired = await self._proposals.expire(run)
        if expired:
            logger.info("run.expired", run_id=str(run.run_id), project_id=run.project_id)
        return expired
