"""A decision as JSON documents: the shapes that answers, audits and episodes share.

The record (`memory/decision.py`) has one field for each fact. These shapes repeat some facts,
because section 6.3 of the specification names them so; they are built here and nowhere else.
"""

from collections.abc import Iterable

from domain_services.kernel.types import Answer
from memory.decision import (
    Adjustment,
    AdjustmentKind,
    EvidenceKind,
    EvidenceUsed,
    Part,
    RuleDecision,
)


class RuleBasedDecision(Answer):
    """The decision of the rules alone."""

    tasks_to_assign: int | None
    """Tasks of the new sprint; null when the rules create none."""
    sprint_duration_weeks: int | None
    """Weeks of the new sprint; null when the rules create none."""
    reasoning: str
    """The reasons of all rules that applied."""


class GateReport(Answer):
    """The gate's result for one adjustment."""

    passed: bool
    """True when the recommended number is applied."""
    reason: str
    """Why, in words."""


class PartReport(Answer):
    """A number behind a recommendation."""

    name: str
    """Name of the number."""
    value: float
    """In tasks a sprint, or a share or probability where the name says so."""
    sample_size: int
    """Sprints that it was computed from."""


class ProposalReport(Answer):
    """The forecast behind a recommended task count. Counts in tasks."""

    original: int
    """The rule's count."""
    recommended: int
    """The count that the evidence suggests."""
    confidence: float | None
    """Probability that following this evidence pays, 0..1; null when the counts are equal."""
    raw_confidence: float | None
    """Chance to end nearer this one time, before calibration; null as above."""
    sample_size: int
    """Past sprints, windows and similar episodes behind it."""
    expected: float | None
    """Mean of the forecast; null without enough evidence."""
    low: int | None
    """Lower end of the central 70 % of the forecast; null as above."""
    high: int | None
    """Upper end of the central 70 % of the forecast; null as above."""
    wins: int
    """Past windows in which the recommended count would have ended nearer."""
    losses: int
    """Past windows in which the rule's count would have ended nearer."""
    reason: str
    """Why, in words."""
    expected_improvement: str | None
    """What following it is expected to bring; null without a change."""
    parts: tuple[PartReport, ...]
    """The numbers that the forecast was made from."""
    kind: EvidenceKind | None = None
    """`scope`, `chances` or `similar_episodes`; null when the own pace is all there is."""
    windows: int = 0
    """Past windows in which evidence and rule are compared."""
    rule_error: float | None = None
    """Mean error of the rule's plans in them, in tasks; null without a window."""
    evidence_error: float | None = None
    """Mean error of the evidence's plans in them, in tasks; null as above."""


class ConfidenceReport(Answer):
    """Chance to end nearer this time, before and after calibration; both null for equal counts."""

    raw: float | None
    """Before calibration, 0..1."""
    calibrated: float | None
    """After calibration, 0..1."""
    calibration_version: str
    """Name of the calibration in force."""
    calibration_sample_size: int
    """Outcomes that it was fitted on."""


class EvidenceDetails(Answer):
    """The evidence of a task count."""

    similar_projects_used: list[str]
    """Other projects; an earlier episode of the project itself counts as an episode only."""
    episodes_used: list[str]
    """Ids of the recalled episodes that were used."""
    own_history: list[int]
    """Tasks completed in each past sprint, oldest first."""
    proposal: ProposalReport
    """The forecast."""
    confidence: ConfidenceReport
    """Confidence of the recommendation."""


class NoDetails(Answer):
    """The details of a number that no evidence speaks about: an empty object."""


class AdjustmentReport(Answer):
    """One number of the decision: the rule's, the recommended and the applied one."""

    original_recommendation: int
    """The rule's number."""
    intelligence_recommendation: int
    """The number that the evidence suggests."""
    applied_value: int
    """The number that holds."""
    confidence: float | None
    """Probability that following this evidence pays in the project, 0..1; the gate reads it."""
    sample_size: int
    """Past sprints and similar episodes behind it."""
    evidence_source: str
    """Origin of the evidence, in words."""
    expected_improvement: str | None
    """Expected effect of the recommendation, in words; null without a change."""
    rationale: str
    """Reason of the recommendation, in words."""
    gate: GateReport
    """Result of the gate."""
    evidence_details: EvidenceDetails | NoDetails
    """Evidence of a task count; an empty object for the duration."""


def rule_report(rule: RuleDecision) -> RuleBasedDecision:
    """Return the rules' decision as a document."""
    return RuleBasedDecision(
        tasks_to_assign=rule.tasks,
        sprint_duration_weeks=rule.duration_weeks,
        reasoning=rule.reasoning,
    )


def adjustment_reports(
    adjustments: Iterable[Adjustment],
) -> dict[AdjustmentKind, AdjustmentReport]:
    """Return each adjustment as a document, by the number that it is about."""
    return {adjustment.kind: adjustment_report(adjustment) for adjustment in adjustments}


def adjustment_report(adjustment: Adjustment) -> AdjustmentReport:
    """Return one adjustment as a document."""
    return AdjustmentReport(
        original_recommendation=adjustment.rule,
        intelligence_recommendation=adjustment.recommended,
        applied_value=adjustment.applied,
        confidence=adjustment.confidence,
        sample_size=adjustment.sample_size,
        evidence_source=adjustment.evidence_source,
        expected_improvement=adjustment.expected_improvement,
        rationale=adjustment.rationale,
        gate=GateReport(passed=adjustment.gate.passed, reason=adjustment.gate.reason),
        evidence_details=_details(adjustment, adjustment.evidence)
        if adjustment.evidence
        else NoDetails(),
    )


def _details(adjustment: Adjustment, evidence: EvidenceUsed) -> EvidenceDetails:
    nearer = evidence.nearer
    return EvidenceDetails(
        similar_projects_used=list(evidence.similar_projects),
        episodes_used=list(evidence.episodes),
        own_history=list(evidence.own_history),
        proposal=_proposal(adjustment, evidence),
        confidence=ConfidenceReport(
            raw=nearer.raw if nearer else None,
            calibrated=nearer.stated if nearer else None,
            calibration_version=evidence.calibration.version,
            calibration_sample_size=evidence.calibration.sample_size,
        ),
    )


def _proposal(adjustment: Adjustment, evidence: EvidenceUsed) -> ProposalReport:
    return ProposalReport(
        original=adjustment.rule,
        recommended=adjustment.recommended,
        confidence=adjustment.confidence,
        raw_confidence=evidence.nearer.raw if evidence.nearer else None,
        sample_size=adjustment.sample_size,
        expected=evidence.expected,
        low=evidence.low,
        high=evidence.high,
        wins=evidence.wins,
        losses=evidence.losses,
        reason=adjustment.rationale,
        expected_improvement=adjustment.expected_improvement,
        parts=tuple(_part(part) for part in evidence.parts),
        kind=evidence.kind,
        windows=evidence.windows,
        rule_error=evidence.rule_error,
        evidence_error=evidence.evidence_error,
    )


def _part(part: Part) -> PartReport:
    return PartReport(name=part.name, value=part.value, sample_size=part.sample_size)
