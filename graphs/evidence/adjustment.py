"""Adjust a sprint's task count by evidence, the same way for live decisions and in back-tests."""

from collections.abc import Iterator

from graphs.evidence.calibration import Calibration
from graphs.evidence.confidence import confidence, tally
from graphs.evidence.distribution import Prediction, past_predictions
from graphs.evidence.expectation import predict_sprint
from graphs.evidence.forecast import Evidence
from graphs.evidence.objective import best_count
from graphs.evidence.proposal import Proposal, expected_improvement, explain, parts, unchanged
from graphs.thresholds import MAX_CHANGE


def propose(evidence: Evidence, calibration: Calibration) -> Proposal:
    """Propose the count with the greatest expected gain (see `best_count`) within limits.

    The limits are MAX_CHANGE of the rule's count, the unassigned tasks and the caller's limit.
    """
    if evidence.rule_tasks < 1 or not evidence.enough:
        return unchanged(evidence)
    prediction = predict_sprint(evidence)
    recommended = _recommend(prediction, evidence)
    record = tally(_replay(evidence, more=recommended > evidence.rule_tasks))
    predicted = prediction.probability_nearer(recommended, evidence.rule_tasks)
    raw = None if predicted is None else confidence(predicted, record)
    low, high = prediction.interval()
    return Proposal(
        original=evidence.rule_tasks,
        recommended=recommended,
        confidence=None if raw is None else calibration.calibrated(raw),
        raw_confidence=raw,
        sample_size=len(evidence.history) + evidence.prior.neighbours,
        expected=prediction.mean,
        low=low,
        high=high,
        wins=record.wins,
        losses=record.losses,
        reason=explain(evidence, prediction, recommended, record, calibration),
        expected_improvement=expected_improvement(prediction, evidence.rule_tasks, recommended),
        parts=tuple(parts(evidence, prediction, recommended)),
    )


def _recommend(prediction: Prediction, evidence: Evidence) -> int:
    rule = evidence.rule_tasks
    least = rule - int(rule * MAX_CHANGE)
    limits = (rule + int(rule * MAX_CHANGE), evidence.unassigned, evidence.max_tasks)
    most = min(limit for limit in limits if limit is not None)
    return best_count(prediction, least, most)


def _replay(evidence: Evidence, *, more: bool) -> Iterator[tuple[int, int, int]]:
    """Decide past sprints again: yield (adjusted, rule's, completed) tasks of each.

    Only those where more, or not more, than the rule's count would have been planned too.
    """
    # Both directions are counted apart: that it was right to plan less says nothing about planning
    # more (docs/adr/0026-confidence.md).
    for sprint, prediction in past_predictions(evidence.history):
        adjusted, rule = _recommend(prediction, evidence), evidence.rule_tasks
        # An exhausted sprint does not show what a larger plan would have completed.
        unobservable = sprint.exhausted and max(adjusted, rule) > sprint.completed
        if (adjusted > rule) == more and not unobservable:
            yield adjusted, rule, sprint.completed
