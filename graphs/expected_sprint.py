"""Describe what a new sprint is expected to complete, for the decision's record."""

from collections.abc import Iterator
from datetime import timedelta

from graphs.evidence.adjustment import Proposal
from graphs.evidence.distribution import Distribution
from graphs.evidence.evidence import Evidence
from graphs.evidence.expectation import Expectation
from graphs.evidence.pace_words import working_time
from graphs.rules.backlog import unfinished_elsewhere
from graphs.state import Snapshot
from graphs.thresholds import HALF_WINDOW
from memory.decision import ExpectedSprint, Odds, Range


def expected_sprint(
    snapshot: Snapshot, evidence: Evidence, proposal: Proposal, tasks: int, *, follows: bool
) -> ExpectedSprint:
    """Describe a sprint of `tasks`; `follows` says that the evidence decides, not the own pace."""
    planned = proposal.forecast if follows else proposal.rule_forecast
    expectation = Expectation(planned, evidence.arriving, evidence.certainty)
    return ExpectedSprint(
        certainty=evidence.certainty,
        pace=snapshot.facts.pace_reason,
        planned=range_of(expectation.planned),
        arriving=expectation.arriving and range_of(expectation.arriving),
        odds=tuple(Odds(tasks=count, probability=p) for count, p in expectation.odds(tasks)),
        sentence=expectation.sentence(tasks),
        review=proposal.review,
        notes=tuple(_notes(snapshot, evidence)),
    )


def range_of(distribution: Distribution) -> Range:
    """Describe a distribution by its mean, its usual range and its promise."""
    low, high = distribution.interval()
    return Range(expected=distribution.mean, low=low, high=high, promise=distribution.promise())


def _notes(snapshot: Snapshot, evidence: Evidence) -> Iterator[str]:
    yield from unfinished_elsewhere(snapshot.facts)
    if days_off := working_time(evidence):
        yield days_off
    share, days = evidence.capacity_share, evidence.days
    if share is not None and 0 < share < HALF_WINDOW and days:
        end = snapshot.facts.sprint_start + timedelta(days=2 * days - 1)
        yield (
            "Fewer than half of the window's working days are there, so the plan is smaller; the"
            f" sprint could end on {end.isoformat()} instead, one cadence later."
        )
    if evidence.arriving is not None and evidence.arriving.mean >= 1:
        low, high = evidence.arriving.interval()
        yield (
            f"Room is left for work that arrives: {evidence.arriving.mean:.1f} such tasks are"
            f" finished in a sprint on average ({low} to {high})."
        )
