"""Learns from how own decisions turned out: a new calibration, kept only when it is no worse."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from agent.learning.schema import Learned, LearningHistory, Rollback, describe
from domain_services.kernel.background import Loop, every
from domain_services.kernel.errors import NotFound
from graphs.evidence.calibration import Calibration, Replayed, refit, replayed, score
from graphs.evidence.shipped import shipped
from memory.calibrations import SHIPPED, Active, Attempt, Calibrations
from memory.decision_outcomes import EndedDecision, EndedDecisions

logger = structlog.get_logger()

LEAST_NEW = 5  # outcomes since the last learning; fewer compare nothing but chance
FOLDS = 5
REFRESH_SECONDS = 5.0


@dataclass(frozen=True)
class Lesson:
    """One ended decision as the calibration sees it."""

    seen: Replayed
    closed_at: datetime


def lesson(ended: EndedDecision) -> Lesson | None:
    """What a decision teaches; None for a tie, and where the plan let only one side win.

    A sprint cannot complete more than was planned. Of a suggestion to plan more that was held back
    every win is out of sight, and of one to plan less that was applied every loss: only where the
    larger of the two numbers was planned, both could come true.
    """
    rule, recommended, raw = ended.rule_tasks, ended.recommended_tasks, ended.raw_confidence
    if rule is None or recommended is None or raw is None:
        return None
    if ended.planned_tasks < max(rule, recommended):
        return None
    found = replayed(raw, recommended, rule, ended.completed_tasks)
    return Lesson(found, ended.closed_at) if found else None


def attempt(active: Calibration, before: Sequence[Replayed], new: Sequence[Lesson]) -> Attempt:
    """A calibration of all outcomes, compared with the active one on the `new` outcomes.

    The active one has not seen these; the new one is judged by fits of all others (FOLDS-fold
    cross-validation). Source: Hastie et al., The Elements of Statistical Learning, 7.10.
    """
    seen = [each.seen for each in new]
    losses: list[float] = []
    for fold in range(min(FOLDS, len(seen))):
        others = [each for at, each in enumerate(seen) if at % FOLDS != fold]
        held_out = seen[fold::FOLDS]
        loss = score(refit(shipped(), [*before, *others]), held_out)
        losses.append((loss or 0.0) * len(held_out))
    mine, theirs = sum(losses) / len(seen), score(active, seen) or 0.0
    accepted = mine <= theirs
    compared = f"{mine:.4f} against {theirs:.4f} of the active one on {len(seen)} new outcomes"
    return Attempt(
        calibration=refit(shipped(), [*before, *seen]).model_dump(mode="json"),
        accepted=accepted,
        reason=f"{'kept' if accepted else 'refused'}: log loss {compared}",
        outcomes=len(before) + len(seen),
        new_outcomes=len(seen),
        log_loss=mine,
        active_log_loss=theirs,
        compared_with=len(seen),
        learned_through=max(each.closed_at for each in new),
    )


class Learner:
    """Keeps the calibration in force at hand for decisions, and replaces it by better ones."""

    def __init__(self, calibrations: Calibrations, lessons: EndedDecisions) -> None:
        self._calibrations = calibrations
        self._lessons = lessons
        self.calibration: Calibration = shipped()
        self.active = Active(SHIPPED, None, None, None)

    async def refresh(self) -> None:
        """Read which calibration is in force; other replicas may have learned."""
        self.active = await self._calibrations.active()
        stored = self.active.calibration
        self.calibration = shipped() if stored is None else Calibration.model_validate(stored)

    def loop(self) -> Loop:
        """Return the loop that reads the active calibration; the last one known holds meanwhile."""
        return every(REFRESH_SECONDS, self.refresh, name="calibration refresh")

    async def learn(self, by: str) -> Learned:
        """Fit own outcomes and keep the result when it is at least as good as what is in force."""
        await self.refresh()
        lessons = [each for ended in await self._lessons.read() if (each := lesson(ended))]
        through = self.active.learned_through
        new = [each for each in lessons if through is None or each.closed_at > through]
        before = [each.seen for each in lessons[: len(lessons) - len(new)]]
        if len(new) < LEAST_NEW:
            reason = f"not enough data: {len(new)} new outcomes, {LEAST_NEW} are needed to compare"
            return self._unchanged(reason, len(lessons), len(new))
        last = await self._calibrations.history(1)
        if last and last[0].learned_through >= new[-1].closed_at:
            reason = f"no outcome is newer than attempt {last[0].version}"
            return self._unchanged(reason, len(lessons), len(new))
        # Fitting thousands of outcomes takes longer than the event loop can spare.
        tried = await asyncio.to_thread(attempt, self.calibration, before, new)
        made = await self._calibrations.add(tried, by)
        was = describe(self.active.version, self.calibration)
        await self.refresh()
        return Learned(
            learned=tried.accepted,
            reason=tried.reason,
            outcomes=len(lessons),
            new_outcomes=len(new),
            version=made.version,
            log_loss=tried.log_loss,
            active_log_loss=tried.active_log_loss,
            before=was,
            active=describe(self.active.version, self.calibration),
        )

    def _unchanged(self, reason: str, outcomes: int, new: int) -> Learned:
        holds = describe(self.active.version, self.calibration)
        return Learned(
            learned=False,
            reason=reason,
            outcomes=outcomes,
            new_outcomes=new,
            version=None,
            log_loss=None,
            active_log_loss=None,
            before=holds,
            active=holds,
        )

    async def roll_back(self, rollback: Rollback, by: str) -> LearningHistory:
        """Put a version in force again. Raises: `NotFound`; a refused one was never in force."""
        known = {each.version: each for each in await self._calibrations.history()}
        wanted = known.get(rollback.version)
        if wanted is not None and not wanted.accepted:
            raise NotFound(f"calibration {rollback.version} was refused and never in force")
        await self._calibrations.activate(rollback.version, rollback.reason, by)
        await self.refresh()
        return await self.history()

    async def history(self) -> LearningHistory:
        """What is in force, and every attempt with the scores that decided on it."""
        await self.refresh()
        versions = await self._calibrations.history()
        return LearningHistory.of(self.active, self.calibration, versions)
