"""Decision record: the source of the answer, the episode, the audit and the learned numbers.

A recommendation says what evidence suggests for one number. An adjustment is a recommendation
after the gate. The record is plain data: it is stored and read back unchanged.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

DecisionSource = Literal["rule_based_only", "intelligence_enhanced"]

# A third adjustable number needs one name here, one proposal function and one migration.
AdjustmentKind = Literal["task_count_modification", "sprint_duration_modification"]


class Record(BaseModel):
    """Base of stored plain data: unknown fields are refused, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedCall(Record):
    """One call that a run will make, as a person sees, approves or refuses it."""

    name: str
    """Name of the tool."""
    arguments: dict[str, JsonValue]
    """Arguments of the tool; each tool has its own, so they are JSON here."""
    description: str
    """The call in words."""


class Confidence(Record):
    """The probability, given no tie, that a recommendation ends nearer to the outcome."""

    stated: float
    """After calibration, 0..1; the gate compares this one."""
    raw: float
    """Before calibration, 0..1; later calibrations are fitted on this one."""


class CalibrationUsed(Record):
    """The calibration that was in force when a confidence was stated."""

    version: str
    """Name of the calibration, as `dsm learn --history` lists it."""
    sample_size: int
    """Outcomes that it was fitted on."""


class Part(Record):
    """A number behind a recommendation."""

    name: str
    """What the number measures, such as `smoothed_throughput`."""
    value: float
    """In tasks a sprint, or a share or probability where the name says so."""
    sample_size: int
    """Sprints that the number was made from; 0 where it was not made from sprints."""


class EvidenceUsed(Record):
    """Evidence of a recommended task count. Counts in tasks."""

    similar_projects: tuple[str, ...]
    """Other projects whose episodes were used, by id."""
    episodes: tuple[str, ...]
    """Ids of the recalled episodes that were used."""
    own_history: tuple[int, ...]
    """Tasks completed in each past sprint of the project, oldest first."""
    expected: float | None
    """Mean of the forecast of completed tasks; None without enough evidence."""
    low: int | None
    """Lower end of the central 70 % of the forecast; None as above."""
    high: int | None
    """Upper end of the central 70 % of the forecast; None as above."""
    wins: int
    """Past sprints, replayed, in which the recommended count would have ended nearer."""
    losses: int
    """Past sprints, replayed, in which the rule's count would have ended nearer."""
    parts: tuple[Part, ...]
    """The numbers that the forecast was made from."""
    calibration: CalibrationUsed
    """The calibration in force."""


class Recommendation(Record):
    """Suggestion of evidence for one number of the rule's decision, before the gate."""

    kind: AdjustmentKind
    """Which number: the task count (in tasks) or the duration (in weeks)."""
    rule: int
    """The rule's number."""
    recommended: int
    """The number that the evidence suggests."""
    confidence: Confidence | None
    """None when both numbers are equal: there is nothing to compare."""
    sample_size: int
    """Past sprints and similar episodes behind the recommendation."""
    evidence_source: str
    """Origin of the evidence, in words."""
    rationale: str
    """Why this number, in words."""
    expected_improvement: str | None
    """What following it is expected to bring, in words; None without a change."""
    evidence: EvidenceUsed | None
    """The numbers behind it; None for a number that no evidence speaks about."""


class Gate(Record):
    """The gate's result for one recommendation."""

    passed: bool
    """True when the recommended number is applied."""
    reason: str
    """Why, in words."""


class Adjustment(Recommendation):
    """A recommendation with the gate's result."""

    applied: int
    """The number that holds: the recommended one when the gate passed, else the rule's."""
    gate: Gate
    """The gate's result."""

    @property
    def changes_the_rule(self) -> bool:
        """Check that the applied number differs from the rule's."""
        return self.applied != self.rule


class RuleDecision(Record):
    """The decision of the rules alone."""

    tasks: int | None
    """Tasks of the new sprint; None when the rules create none."""
    duration_weeks: int | None
    """Weeks of the new sprint; None when the rules create none."""
    reasoning: str
    """The reasons of all rules that applied."""


class Decision(Record):
    """Decision of a run, its reasons, and the exact calls that carry it out."""

    create_sprint: bool
    """True when a sprint is created."""
    close_sprint: bool
    """True when the sprint in progress is closed."""
    tasks: int | None
    """Tasks of the new sprint; None when none is created, or when an import does not know."""
    duration_weeks: int | None
    """Weeks of the new sprint; None when none is created."""
    duration_days: int | None = None
    """Days of an imported sprint, which need not be whole weeks; None for a run."""
    rule: RuleDecision | None
    """The rules' own decision; None where no rule decided, as in an import."""
    adjustments: tuple[Adjustment, ...] | None
    """Recommendations after the gate; empty when none was made, None when not known."""
    source: DecisionSource
    """`intelligence_enhanced` when at least one applied number is not the rule's."""
    reasoning: str
    """The reasons of the rules and of the gate."""
    plan: tuple[PlannedCall, ...]
    """The calls in order; empty when there is nothing to do."""

    def adjustment(self, kind: AdjustmentKind) -> Adjustment | None:
        """Return the adjustment of one number; None when none was considered."""
        return next((item for item in self.adjustments or () if item.kind == kind), None)

    @property
    def lowest_confidence(self) -> float | None:
        """Return the lowest stated confidence of all adjustments; None when none was stated."""
        stated = [item.confidence.stated for item in self.adjustments or () if item.confidence]
        return min(stated, default=None)
