"""The adjustment of a sprint's task count: evidence in, proposal out; live and in back-tests."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain_services.kernel.statistics import fit_trend
from graphs.evidence.calibration import Calibration
from graphs.evidence.commitment import completed_over_committed
from graphs.evidence.confidence import Record, confidence, tally
from graphs.evidence.distribution import Prediction, Window, hindsight, predict
from graphs.evidence.neighbours import NeighbourEvidence, Prior, against_typical, prior
from graphs.evidence.objective import best_count
from graphs.evidence.throughput import Sprint, at_length, mean_of_last, smoothed
from graphs.thresholds import INTERVAL, MAX_CHANGE, MIN_NEIGHBOURS, MIN_OWN_SPRINTS


@dataclass(frozen=True)
class Evidence:
    """What is known before a sprint is created.

    `history` is oldest first, `days` the calendar length of the window decided on. `max_tasks` is a
    limit of the caller, None without one. `capacity_share` is the team's working time in the window
    over that of a window without holidays and leave, 0..1; None when not known.
    """

    project_id: str
    history: tuple[Sprint, ...]
    neighbours: tuple[NeighbourEvidence, ...]
    rule_tasks: int
    unassigned: int
    max_tasks: int | None
    capacity_share: float | None
    days: int | None

    @property
    def enough(self) -> bool:
        """Whether own sprints, or other projects alike, are as many as an adjustment needs."""
        return len(self.history) >= MIN_OWN_SPRINTS or self.similar_projects >= MIN_NEIGHBOURS

    @property
    def settled(self) -> int | None:
        """The plan when the backlog leaves no other: all of it. None when there is a choice."""
        return self.unassigned if self.unassigned <= self.rule_tasks else None

    @property
    def similar_projects(self) -> int:
        """Other projects among the neighbours."""
        return len({each.project_id for each in self.neighbours} - {self.project_id})


@dataclass(frozen=True)
class Part:
    """A number behind a proposal, and how many sprints it was made from."""

    name: str
    value: float
    sample_size: int


@dataclass(frozen=True)
class Proposal:
    """The rule's count, a recommended one, and why. Counts and expectations in tasks.

    `confidence` is the calibrated probability, given no tie, that `recommended` ends nearer to the
    outcome than `original`, `raw_confidence` what it was before calibration (and what outcomes are
    matched with later); both None when the counts are equal. `sample_size` counts own past sprints
    and similar episodes. `expected` is the mean, `low` to `high` the central 70 %, all None without
    evidence. `wins` and `losses`: this procedure against the rule, replayed on the own past where
    it would have moved the rule the same way.
    """

    original: int
    recommended: int
    confidence: float | None
    raw_confidence: float | None
    sample_size: int
    expected: float | None
    low: int | None
    high: int | None
    wins: int
    losses: int
    reason: str
    expected_improvement: str | None
    parts: tuple[Part, ...]


def propose(evidence: Evidence, calibration: Calibration) -> Proposal:
    """The count with the greatest gain (see `objective`) within limits.

    The limits are MAX_CHANGE of the rule's count, the unassigned tasks and the caller's limit. The
    outcome is forecast for a sprint that is planned as usual, or with the whole backlog when the
    rule would plan that: what another plan would change of the outcome is not known (known
    limit in docs/adr/0025-recommended-count.md).
    """
    if evidence.rule_tasks < 1 or not evidence.enough:
        return _unchanged(evidence)
    basis, prediction = _basis(evidence), forecast(evidence, evidence.settled)
    recommended = _recommend(prediction, evidence)
    record = tally(_replay(evidence, more=recommended > evidence.rule_tasks))
    nearer = prediction.nearer(recommended, evidence.rule_tasks)
    raw = None if nearer is None else confidence(nearer, record)
    low, high = prediction.interval()
    return Proposal(
        original=evidence.rule_tasks,
        recommended=recommended,
        confidence=None if raw is None else calibration.calibrated(raw),
        raw_confidence=raw,
        sample_size=len(evidence.history) + basis.neighbours,
        expected=prediction.mean,
        low=low,
        high=high,
        wins=record.wins,
        losses=record.losses,
        reason=_reason(evidence, basis, prediction, recommended, record, calibration),
        expected_improvement=_improvement(prediction, evidence.rule_tasks, recommended),
        parts=tuple(_parts(evidence, basis, prediction, recommended)),
    )


def forecast(evidence: Evidence, planned: int | None = None) -> Prediction:
    """What the team completes; `planned` when it is settled, None for a sprint planned as usual."""
    window = Window(evidence.days, evidence.capacity_share, planned)
    return predict(evidence.history, _basis(evidence), window)


def _basis(evidence: Evidence) -> Prior:
    return prior(at_length(evidence.history, evidence.days), evidence.neighbours)


def _recommend(prediction: Prediction, evidence: Evidence) -> int:
    rule = evidence.rule_tasks
    least = rule - int(rule * MAX_CHANGE)
    limits = (rule + int(rule * MAX_CHANGE), evidence.unassigned, evidence.max_tasks)
    most = min(limit for limit in limits if limit is not None)
    return best_count(prediction, least, most)


def _replay(evidence: Evidence, *, more: bool) -> Iterator[tuple[int, int, int]]:
    """(adjusted, rule's, completed) of each past sprint that had enough sprints before it.

    Only of those where more, or not more, than the rule's count would have been planned too: that
    it was right to plan less says nothing of planning more. An exhausted sprint says nothing of a
    count above its plan, so it is left out then.
    """
    for seen, prediction in hindsight(evidence.history):
        adjusted, rule = _recommend(prediction, evidence), evidence.rule_tasks
        silent = seen.exhausted and max(adjusted, rule) > seen.completed
        if (adjusted > rule) == more and not silent:
            yield adjusted, rule, seen.completed


def _unchanged(evidence: Evidence) -> Proposal:
    own, similar = len(evidence.history), len(evidence.neighbours)
    reason = (
        f"Not enough evidence to adjust: {own} past sprints of the project ({MIN_OWN_SPRINTS}"
        f" needed) and {evidence.similar_projects} similar projects ({MIN_NEIGHBOURS} needed)."
        if evidence.rule_tasks
        else "The rule plans no task: there is nothing to adjust."
    )
    rule = evidence.rule_tasks
    return Proposal(rule, rule, None, None, own + similar, None, None, None, 0, 0, reason, None, ())


def _reason(
    evidence: Evidence,
    basis: Prior,
    prediction: Prediction,
    recommended: int,
    record: Record,
    calibration: Calibration,
) -> str:
    rule, (low, high) = evidence.rule_tasks, prediction.interval()
    expected = (
        f"The team is expected to complete {prediction.mean:.1f} tasks ({low} to {high} in"
        f" {INTERVAL:.0%} of cases) by {len(evidence.history)} past sprint(s)"
    )
    if basis.neighbours:
        expected += f" and {basis.neighbours} similar episodes"
    if evidence.capacity_share is not None and evidence.capacity_share < 1:
        expected += f", with {evidence.capacity_share:.0%} of its full working time"
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


def _improvement(prediction: Prediction, rule: int, recommended: int) -> str | None:
    if recommended == rule:
        return None
    return (
        f"plan and outcome {prediction.miss(recommended):.1f} tasks apart on average"
        f" instead of {prediction.miss(rule):.1f}"
    )


def _parts(
    evidence: Evidence, basis: Prior, prediction: Prediction, recommended: int
) -> Iterator[Part]:
    own, similar = len(evidence.history), len(evidence.neighbours)
    if own:
        counts = at_length(evidence.history, evidence.days)
        yield Part("smoothed_throughput", smoothed(counts), own)
    if (recent := mean_of_last(evidence.history)) is not None:
        yield Part("mean_of_last_three", recent, 3)
    if (trend := fit_trend([sprint.completed for sprint in evidence.history])) is not None:
        yield Part("trend_per_sprint", trend.slope, own)
        yield Part("trend_standard_error", trend.standard_error, own)
    yield Part("prior", basis.mean, basis.neighbours)
    if (ratio := against_typical(evidence.neighbours)) is not None:
        yield Part("neighbours_completed_over_typical", ratio, similar)
    if evidence.capacity_share is not None:
        yield Part("capacity_share", evidence.capacity_share, 0)
    if completed_over_committed(evidence.history) is not None:
        for name, planned in (("original", evidence.rule_tasks), ("recommended", recommended)):
            then = forecast(evidence, planned).mean
            yield Part(f"expected_if_{name}_is_planned", then, own)
    yield Part("chance_to_complete_original", prediction.at_least(evidence.rule_tasks), own)
    yield Part("chance_to_complete_recommended", prediction.at_least(recommended), own)
