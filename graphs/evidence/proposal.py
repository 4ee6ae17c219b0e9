"""Proposal of a task count, and the explanation that comes with it."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain_services.kernel.statistics import fit_trend
from graphs.evidence.calibration import Calibration
from graphs.evidence.commitment import completed_over_committed
from graphs.evidence.confidence import Record
from graphs.evidence.distribution import Prediction
from graphs.evidence.expectation import describe
from graphs.evidence.forecast import Evidence, expected_with_plan
from graphs.evidence.neighbours import against_typical
from graphs.evidence.throughput import at_length, mean_of_last, smoothed
from graphs.thresholds import MEAN_SPRINTS, MIN_NEIGHBOURS, MIN_OWN_SPRINTS


@dataclass(frozen=True)
class Part:
    """A number behind a proposal."""

    name: str
    """What the number is."""
    value: float
    """Tasks, a ratio or a probability, as the name says."""
    sample_size: int
    """Sprints or episodes that it was made from; 0 when from none."""


@dataclass(frozen=True)
class Proposal:
    """The rule's count, a recommended one, and why; counts and expectations in tasks."""

    original: int
    """The rule's count."""
    recommended: int
    """The recommended count; the rule's when nothing is to be adjusted."""
    confidence: float | None
    """Calibrated P(`recommended` ends nearer to the outcome | no tie); None for equal counts."""
    raw_confidence: float | None
    """The same before calibration; learning compares it with outcomes. None for equal counts."""
    sample_size: int
    """Own past sprints and similar episodes behind the numbers."""
    expected: float | None
    """Mean of the forecast; None without evidence."""
    low: int | None
    """Lower end of the central 70 % of the forecast; None without evidence."""
    high: int | None
    """Upper end of the central 70 % of the forecast; None without evidence."""
    wins: int
    """Replayed past sprints that ended nearer to the adjusted count than to the rule's."""
    losses: int
    """Replayed past sprints that ended nearer to the rule's count."""
    reason: str
    """Explanation in sentences."""
    expected_improvement: str | None
    """Expected distance of plan and outcome, with and without; None for equal counts."""
    parts: tuple[Part, ...]
    """Numbers behind the recommendation; empty without evidence."""


def unchanged(evidence: Evidence) -> Proposal:
    """Propose the rule's count, because the evidence is too thin or the rule plans nothing."""
    own, similar = len(evidence.history), len(evidence.neighbours)
    reason = (
        f"Not enough evidence to adjust: it takes {MIN_OWN_SPRINTS} past sprints of the project"
        f" ({own} known) or {MIN_NEIGHBOURS} similar projects ({evidence.similar_projects} known)."
        if evidence.rule_tasks
        else "The rule plans no task: there is nothing to adjust."
    )
    rule = evidence.rule_tasks
    return Proposal(rule, rule, None, None, own + similar, None, None, None, 0, 0, reason, None, ())


def explain(
    evidence: Evidence,
    prediction: Prediction,
    recommended: int,
    record: Record,
    calibration: Calibration,
) -> str:
    """Explain a recommended count in sentences."""
    rule, expected = evidence.rule_tasks, describe(evidence, prediction).sentence
    if recommended == rule:
        return f"{expected}: the rule's {rule} stands, nothing to adjust."
    replayed = record.wins + record.losses
    past = (
        f"replayed where the past would have moved it this way, the adjusted count ended nearer"
        f" {record.wins} of {replayed} times"
        if replayed
        else "no past sprint would have moved it this way"
    )
    return (
        f"{expected}: {recommended} tasks instead of {rule}. All {rule} would be completed with"
        f" probability {prediction.at_least(rule):.2f}, all {recommended} with"
        f" {prediction.at_least(recommended):.2f}; {past}. The confidence is calibrated on"
        f" {calibration.sample_size} outcomes ({calibration.own} of this installation)."
    )


def expected_improvement(prediction: Prediction, rule: int, recommended: int) -> str | None:
    """Compare the expected distances of plan and outcome; None for equal counts."""
    if recommended == rule:
        return None
    return (
        f"plan and outcome {prediction.expected_miss(recommended):.1f} tasks apart on average"
        f" instead of {prediction.expected_miss(rule):.1f}"
    )


def parts(evidence: Evidence, prediction: Prediction, recommended: int) -> Iterator[Part]:
    """List the numbers behind a recommended count."""
    own, similar = len(evidence.history), len(evidence.neighbours)
    if own:
        counts = at_length(evidence.history, evidence.days)
        yield Part("smoothed_throughput", smoothed(counts), own)
    if (recent := mean_of_last(evidence.history)) is not None:
        yield Part("mean_of_last_three", recent, MEAN_SPRINTS)
    if (trend := fit_trend([sprint.completed for sprint in evidence.history])) is not None:
        yield Part("trend_per_sprint", trend.slope, own)
        yield Part("trend_standard_error", trend.standard_error, own)
    yield Part("prior", evidence.prior.mean, evidence.prior.neighbours)
    if (ratio := against_typical(evidence.neighbours)) is not None:
        yield Part("neighbours_completed_over_typical", ratio, similar)
    if evidence.capacity_share is not None:
        yield Part("capacity_share", evidence.capacity_share, 0)
    if completed_over_committed(evidence.history) is not None:
        for name, planned in (("original", evidence.rule_tasks), ("recommended", recommended)):
            expected = expected_with_plan(evidence, planned)
            yield Part(f"expected_if_{name}_is_planned", expected, own)
    yield Part("chance_to_complete_original", prediction.at_least(evidence.rule_tasks), own)
    yield Part("chance_to_complete_recommended", prediction.at_least(recommended), own)
