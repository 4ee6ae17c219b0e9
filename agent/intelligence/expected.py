"""Expectation of a project's sprint, as a decision about it states it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain_services.backlog.planning_schema import TaskAges
from graphs.evidence.adjustment import Proposal, propose
from graphs.evidence.calibration import Calibration
from graphs.evidence.evidence import Draft, Evidence
from graphs.evidence.expectation import Expectation, expect
from graphs.evidence.suggestion import suggest
from graphs.nodes.adjust import with_episodes, with_record
from graphs.nodes.gate import follows_evidence
from graphs.state import Mode, PastSprint
from memory.decision_outcomes import EndedDecision
from memory.recall import Recall


@dataclass(frozen=True)
class Knowledge:
    """Knowledge beside the project's own state."""

    recalled: Recall
    """Similar episodes."""
    ended: Sequence[EndedDecision]
    """Ended decisions of the project, oldest first."""
    mode: Mode
    """Decision mode of the project."""
    calibration: Calibration
    """Calibration in force."""


@dataclass(frozen=True)
class ExpectedWork:
    """Expectation of a sprint, with the evidence behind it."""

    evidence: Evidence
    """All that is known about the sprint."""
    proposal: Proposal
    """Plans of the rule and of the evidence."""
    expectation: Expectation
    """By the evidence where following it pays, else by the own pace."""
    follows: bool
    """True when the evidence decides."""
    knowledge: Knowledge
    """What it rests on."""

    def plan_at(self, certainty: int) -> int:
        """Return the tasks that a decision plans when `certainty` percent complete their plan."""
        proposal = propose(replace(self.evidence, certainty=certainty), self.knowledge.calibration)
        follows = follows_evidence(proposal, self.knowledge.mode)
        return proposal.recommended if follows else proposal.original

    @property
    def later(self) -> Expectation:
        """Return the expectation of the sprints after it: the own pace, without days off.

        The evidence of one sprint is about its tasks and its days, which later ones do not share.
        """
        return expect(replace(self.evidence, capacity_share=None))

    @property
    def is_known(self) -> bool:
        """Check that it rests on more than the size of the team."""
        return bool(self.evidence.history) or self.follows

    @property
    def missing(self) -> str:
        """Explain in one sentence what a forecast takes."""
        return "Not enough evidence: no past sprint of the project is known."

    def review(self, tasks: int) -> str | None:
        """Review a scope of `tasks` by past commitments; None when ages of tasks say more."""
        if self.proposal.kind == "chances" or not tasks:
            return None
        draft = replace(self.evidence, draft=Draft(tasks, ()), plannable=tasks, ages=None)
        suggestion = suggest(draft)
        return suggestion.words if suggestion else None


def expected_work(
    evidence: Evidence, past: Sequence[PastSprint], knowledge: Knowledge
) -> ExpectedWork:
    """Expect the sprint that `evidence` is about; `past` are the project's sprints."""
    complete = with_record(with_episodes(evidence, knowledge.recalled), past, knowledge.ended)
    proposal = propose(complete, knowledge.calibration)
    follows = follows_evidence(proposal, knowledge.mode)
    expectation = expect(complete, proposal.forecast if follows else None)
    return ExpectedWork(complete, proposal, expectation, follows, knowledge)


def of_running_sprint(
    evidence: Evidence, days: int, capacity_share: float | None, ages: TaskAges
) -> Evidence:
    """Return the evidence about the sprint in progress, as it was when it began."""
    return replace(
        evidence,
        days=days,
        capacity_share=capacity_share,
        ages=ages,
        plannable=sum(ages.open_tasks),
        max_tasks=None,
    )
