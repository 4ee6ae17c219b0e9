"""Propose a task count by evidence, the same way for live decisions and in back-tests."""

from dataclasses import dataclass

from graphs.evidence.calibration import Calibration
from graphs.evidence.distribution import Distribution
from graphs.evidence.evidence import Evidence
from graphs.evidence.payoff import Payoff, payoff
from graphs.evidence.suggestion import Part, Suggestion, suggest
from graphs.thresholds import MAX_CHANGE, PACE_SPRINTS
from memory.decision import EvidenceKind


@dataclass(frozen=True)
class Proposal:
    """The rule's count, a recommended one, and why; counts and expectations in tasks."""

    original: int
    """The rule's count."""
    recommended: int
    """The recommended count; the rule's when nothing is to be adjusted."""
    confidence: float | None
    """P(following this evidence pays in this project), 0..1; None for equal counts."""
    nearer: float | None
    """Calibrated P(`recommended` ends nearer this time | no tie); None for equal counts."""
    raw_nearer: float | None
    """The same before calibration; learning compares it with outcomes. None for equal counts."""
    sample_size: int
    """Own past sprints, windows and similar episodes behind the numbers."""
    kind: EvidenceKind | None
    """Kind of the evidence; None when there is none beyond the own pace."""
    rule_forecast: Distribution
    """Planned tasks by the own pace."""
    forecast: Distribution
    """Planned tasks by the evidence; by the own pace without evidence."""
    record: Payoff | None
    """Past errors of evidence and rule; None without evidence."""
    words: str
    """The evidence in one sentence; empty without evidence."""
    reason: str
    """Explanation in sentences."""
    expected_improvement: str | None
    """Expected distance of plan and outcome, with and without; None for equal counts."""
    parts: tuple[Part, ...]
    """Numbers behind the recommendation."""

    @property
    def review(self) -> str | None:
        """Return what to expect of a draft, in words; None without one."""
        return self.words if self.kind == "scope" else None


def propose(evidence: Evidence, calibration: Calibration) -> Proposal:
    """Propose the evidence's count at the wanted certainty, within the limits.

    The limits are MAX_CHANGE of the rule's count, the plannable tasks and the caller's limit.
    """
    rule, suggestion = evidence.rule_tasks, suggest(evidence)
    if suggestion is None or rule < 1:
        return _unchanged(evidence)
    recommended = _recommended(evidence, suggestion, rule)
    record = payoff(suggestion.pairs, suggestion.usual_error)
    raw = suggestion.distribution.probability_nearer(recommended, rule)
    return Proposal(
        original=rule,
        recommended=recommended,
        confidence=None if raw is None else record.confidence,
        nearer=None if raw is None else calibration.calibrated(raw),
        raw_nearer=raw,
        sample_size=len(evidence.history) + _beyond_own_pace(evidence, suggestion),
        kind=suggestion.kind,
        rule_forecast=evidence.own_pace,
        forecast=suggestion.distribution,
        record=record,
        words=suggestion.words,
        reason=f"{suggestion.words} {compare_errors(record)}",
        expected_improvement=_improvement(suggestion.distribution, rule, recommended),
        parts=(*_own_parts(evidence), *suggestion.parts, *_chances_to_complete(evidence, rule)),
    )


def compare_errors(record: Payoff) -> str:
    """Compare the past errors of evidence and rule in one sentence."""
    if not record.pairs or record.rule_error is None or record.evidence_error is None:
        return "No past window of this project shows whether following it pays."
    windows = f"{record.pairs} past window{'' if record.pairs == 1 else 's'}"
    return (
        f"In {windows} of this project its plans missed by {record.evidence_error:.1f} tasks on"
        f" average, the rule's by {record.rule_error:.1f}."
    )


def _unchanged(evidence: Evidence) -> Proposal:
    rule = evidence.rule_tasks
    return Proposal(
        original=rule,
        recommended=rule,
        confidence=None,
        nearer=None,
        raw_nearer=None,
        sample_size=len(evidence.history),
        kind=None,
        rule_forecast=evidence.own_pace,
        forecast=evidence.own_pace,
        record=None,
        words="",
        reason=(
            "There is no evidence beyond the team's own pace: neither ages of enough finished tasks"
            " nor enough similar episodes are known."
            if rule
            else "The rule plans no task: there is nothing to adjust."
        ),
        expected_improvement=None,
        parts=tuple(_own_parts(evidence)),
    )


def _recommended(evidence: Evidence, suggestion: Suggestion, rule: int) -> int:
    count = max(1, suggestion.distribution.most_with(evidence.share))
    if suggestion.most is not None:
        count = min(count, suggestion.most)
    # A rule of one task may move too, by one.
    change = max(1, int(rule * MAX_CHANGE))
    return evidence.limited(min(max(count, rule - change, 1), rule + change))


def _beyond_own_pace(evidence: Evidence, suggestion: Suggestion) -> int:
    if suggestion.kind == "similar_episodes":
        return len(evidence.neighbours)
    return len(suggestion.pairs)


def _improvement(forecast: Distribution, rule: int, recommended: int) -> str | None:
    if recommended == rule:
        return None
    return (
        f"plan and outcome {forecast.expected_miss(recommended):.1f} tasks apart on average"
        f" instead of {forecast.expected_miss(rule):.1f}"
    )


def _own_parts(evidence: Evidence) -> list[Part]:
    sprints = min(len(evidence.history), PACE_SPRINTS)
    parts = [
        Part("own_pace", evidence.own_pace.mean, sprints),
        Part("prior", evidence.prior, 0),
    ]
    if evidence.capacity_share is not None:
        parts.append(Part("capacity_share", evidence.capacity_share, 0))
    if evidence.arriving is not None:
        parts.append(Part("arriving_tasks", evidence.arriving.mean, sprints))
    return parts


def _chances_to_complete(evidence: Evidence, rule: int) -> list[Part]:
    own = len(evidence.history)
    return [Part("chance_to_complete_original", evidence.own_pace.at_least(rule), own)]
