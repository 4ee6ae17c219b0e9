"""Learning: fit a calibration to the outcomes of own decisions; activate it when it is no worse."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from agent.learning.schema import Learned, LearningHistory, Rollback, describe
from domain_services.kernel.background import Loop, every
from domain_services.kernel.errors import NotFound
from graphs.evidence.calibration import Calibration, Replayed, refit, replayed, score
from graphs.evidence.shipped import read_stored, shipped
from memory.calibrations import SHIPPED, Active, Attempt, Calibrations
from memory.decision_outcomes import EndedDecision, EndedDecisions

logger = structlog.get_logger()

MIN_NEW_OUTCOMES = 5  # a comparison on fewer outcomes would be chance
FOLDS = 5
REFRESH_SECONDS = 5.0  # after which a calibration that another replica activated holds here too


@dataclass(frozen=True)
class LabelledOutcome:
    """An observation for the calibration, with the time at which it became known."""

    observation: Replayed
    """Raw confidence of a recommendation, and whether it won over the rule."""
    closed_at: datetime
    """End of the sprint."""


def as_observation(decision: EndedDecision) -> LabelledOutcome | None:
    """Return an ended decision as an observation; None when its outcome cannot show a winner."""
    rule, recommended = decision.rule_tasks, decision.recommended_tasks
    raw = decision.raw_confidence
    if rule is None or recommended is None or raw is None:
        return None
    # An earlier release compared with a rule of ten tasks, by another raw confidence.
    if decision.evidence_kind is None:
        return None
    # A sprint cannot complete more than was planned, so that a smaller plan hides every win of the
    # larger number (docs/adr/0015-learn-from-observable-outcomes.md).
    if decision.planned_tasks < max(rule, recommended):
        return None
    observation = replayed(raw, recommended, rule, decision.completed_tasks)
    return LabelledOutcome(observation, decision.closed_at) if observation else None


def attempt(
    active: Calibration, before: Sequence[Replayed], new: Sequence[LabelledOutcome]
) -> Attempt:
    """Fit a calibration to all outcomes, and compare it with the active one on the `new` ones."""
    observations = [outcome.observation for outcome in new]
    loss, active_loss = _cross_validate(before, observations), score(active, observations) or 0.0
    accepted, count = loss <= active_loss, len(observations)
    compared = f"{loss:.4f} against {active_loss:.4f} of the active one on {count} new outcomes"
    return Attempt(
        calibration=refit(shipped(), [*before, *observations]).model_dump(mode="json"),
        accepted=accepted,
        reason=f"{'kept' if accepted else 'refused'}: log loss {compared}",
        outcomes=len(before) + count,
        new_outcomes=count,
        log_loss=loss,
        active_log_loss=active_loss,
        compared_with=count,
        learned_through=max(outcome.closed_at for outcome in new),
    )


def _cross_validate(before: Sequence[Replayed], new: Sequence[Replayed]) -> float:
    """Return the mean log loss of calibrations that were fitted without the outcomes they predict.

    Source: Hastie et al., The Elements of Statistical Learning, 7.10.
    """
    # The active calibration was fitted before the new outcomes came. Scoring the new calibration on
    # outcomes that it was fitted on would favour it (docs/adr/0016-calibration-comparison.md).
    losses: list[float] = []
    for fold in range(min(FOLDS, len(new))):
        training = [outcome for index, outcome in enumerate(new) if index % FOLDS != fold]
        validation = new[fold::FOLDS]
        loss = score(refit(shipped(), [*before, *training]), validation)
        losses.append((loss or 0.0) * len(validation))
    return sum(losses) / len(new)


class Learner:
    """Holder of the calibration in force, and of the ways to replace it."""

    def __init__(self, calibrations: Calibrations, ended_decisions: EndedDecisions) -> None:
        self._calibrations = calibrations
        self._ended_decisions = ended_decisions
        self.calibration: Calibration = shipped()
        self.active = Active(SHIPPED, None, None, None)

    async def refresh(self) -> None:
        """Read the calibration in force; another replica may have replaced it."""
        self.active = await self._calibrations.active()
        stored = self.active.calibration
        self.calibration = shipped() if stored is None else read_stored(stored)

    def loop(self) -> Loop:
        """Return the loop that reads the calibration in force."""
        return every(REFRESH_SECONDS, self.refresh, name="calibration refresh")

    async def learn(self, by: str) -> Learned:
        """Fit a calibration to own outcomes, and activate it when it is no worse."""
        await self.refresh()
        decisions = await self._ended_decisions.read()
        outcomes = [outcome for decision in decisions if (outcome := as_observation(decision))]
        through = self.active.learned_through
        new = [outcome for outcome in outcomes if through is None or outcome.closed_at > through]
        before = [outcome.observation for outcome in outcomes[: len(outcomes) - len(new)]]
        if len(new) < MIN_NEW_OUTCOMES:
            reason = (
                f"not enough data: {len(new)} new outcomes,"
                f" {MIN_NEW_OUTCOMES} are needed to compare"
            )
            return self._unchanged(reason, len(outcomes), len(new))
        # A refused attempt would be refused again on the same outcomes.
        last = await self._calibrations.history(1)
        if last and last[0].learned_through >= new[-1].closed_at:
            reason = f"no outcome is newer than attempt {last[0].version}"
            return self._unchanged(reason, len(outcomes), len(new))
        # Fitting thousands of outcomes takes longer than the event loop can spare.
        result = await asyncio.to_thread(attempt, self.calibration, before, new)
        stored = await self._calibrations.add(result, by)
        before_learning = describe(self.active.version, self.calibration)
        await self.refresh()
        return Learned(
            learned=result.accepted,
            reason=result.reason,
            outcomes=len(outcomes),
            new_outcomes=len(new),
            version=stored.version,
            log_loss=result.log_loss,
            active_log_loss=result.active_log_loss,
            before=before_learning,
            active=describe(self.active.version, self.calibration),
        )

    def _unchanged(self, reason: str, outcomes: int, new: int) -> Learned:
        active = describe(self.active.version, self.calibration)
        return Learned(
            learned=False,
            reason=reason,
            outcomes=outcomes,
            new_outcomes=new,
            version=None,
            log_loss=None,
            active_log_loss=None,
            before=active,
            active=active,
        )

    async def roll_back(self, rollback: Rollback, by: str) -> LearningHistory:
        """Activate an older version. Raises: `NotFound`, also for a refused version."""
        versions = {version.version: version for version in await self._calibrations.history()}
        target = versions.get(rollback.version)
        if target is not None and not target.accepted:
            raise NotFound(
                f"calibration {rollback.version} was refused and never in force;"
                " name an accepted one or 0"
            )
        await self._calibrations.activate(rollback.version, rollback.reason, by)
        await self.refresh()
        return await self.history()

    async def history(self) -> LearningHistory:
        """Return the calibration in force, and the newest attempts with their scores."""
        await self.refresh()
        versions = await self._calibrations.history()
        return LearningHistory.of(self.active, self.calibration, versions)
