"""Decision record: the source of the answer, the episode, the audit and the learned numbers.

A recommendation says what evidence suggests for one number. An adjustment is a recommendation
after the gate. The record is plain data: it is stored and read back unchanged.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

DecisionSource = Literal["rule_based_only", "intelligence_enhanced"]

# A third adjustable number needs one name here, one proposal function and one migration.
AdjustmentKind = Literal["task_count_modification", "sprint_duration_modification"]

# Evidence beyond the team's own pace.
EvidenceKind = Literal["scope", "chances", "similar_episodes"]


class Record(BaseModel):
    """Base of stored plain data: unknown fields are refused, values do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _is_none(value: object) -> bool:
    return value is None


class PlannedCall(Record):
    """One call that a run will make, as a person sees, approves or refuses it."""

    name: str
    """Name of the tool."""
    arguments: dict[str, JsonValue]
    """Arguments of the tool; each tool has its own, so they are JSON here."""
    description: str
    """The call in words."""
    # Absent where null: most calls change no schedule, and earlier releases know no such field.
    before: dict[str, JsonValue] | None = Field(default=None, exclude_if=_is_none)
    """Schedule that the call changes or deletes, as it was; None when it changes none."""


class Confidence(Record):
    """The probability, given no tie, that a recommendation ends nearer to the outcome this time."""

    stated: float
    """After calibration, 0..1; shown beside the gate's confidence."""
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
    """What the number measures, such as `own_pace`."""
    value: float
    """In tasks a sprint, or a share or probability where the name says so."""
    sample_size: int
    """Sprints, windows or episodes that it was made from; 0 where it was made from none."""


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
    """Past windows, walked forward, in which the recommended count would have ended nearer."""
    losses: int
    """Past windows, walked forward, in which the rule's count would have ended nearer."""
    parts: tuple[Part, ...]
    """The numbers that the forecast was made from."""
    calibration: CalibrationUsed
    """The calibration in force."""
    kind: EvidenceKind | None = None
    """Kind of the evidence; None when the own pace is all there is."""
    nearer: Confidence | None = None
    """Chance that the recommended count ends nearer this time; None for equal counts."""
    windows: int = 0
    """Past windows in which evidence and rule are compared."""
    rule_error: float | None = None
    """Mean error of the rule's plans in them, in tasks; None without a window."""
    evidence_error: float | None = None
    """Mean error of the evidence's plans in them, in tasks; None as above."""


class Recommendation(Record):
    """Suggestion of evidence for one number of the rule's decision, before the gate."""

    kind: AdjustmentKind
    """Which number: the task count (in tasks) or the duration (in weeks)."""
    rule: int
    """The rule's number."""
    recommended: int
    """The number that the evidence suggests."""
    confidence: float | None
    """P(following this evidence pays in this project), 0..1; None without evidence to follow."""
    sample_size: int
    """Past sprints, windows and similar episodes behind the recommendation."""
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


class Range(Record):
    """Forecast of a number of tasks."""

    expected: float
    """Mean of the forecast."""
    low: int
    """Lower end of the usual range, the central 70 %."""
    high: int
    """Upper end of the usual range."""
    promise: int
    """Count that is reached in 85 % of the sprints."""


class Odds(Record):
    """Probability that a number of planned tasks is done."""

    tasks: int
    """Planned tasks."""
    probability: float
    """P(all of them are done), 0..1."""


class ExpectedSprint(Record):
    """Expectation of a new sprint, planned and arriving tasks apart."""

    certainty: int
    """Percent of the sprints that are to complete their plan."""
    pace: str
    """The team's own pace in sentences: the reason of the rule's task count."""
    planned: Range
    """Tasks that are there when the sprint begins."""
    arriving: Range | None
    """Tasks that come in later and are finished in it; None when not known."""
    odds: tuple[Odds, ...]
    """P(all n done) for the plan and for smaller ones, the largest first."""
    sentence: str
    """The odds and the usual range in words."""
    review: str | None
    """What to expect of a draft, in words; None without a draft."""
    notes: tuple[str, ...]
    """Assumptions and what could be changed, in words."""


class SelectedTask(Record):
    """A task of the new sprint, and why it was chosen."""

    task_id: str
    """Id of the task."""
    title: str
    """Title of the task."""
    reason: str
    """First criterion that put it here, in words."""
    rank: int | None
    """Place in the Product Owner's order, from 1; None: none."""
    carried_over: bool
    """True when work on it has begun, or a sprint left it unfinished."""
    priority: int
    """Priority, 1 is the highest."""
    points: float | None
    """Estimate in the team's own unit; None: not estimated."""
    age_days: int
    """Days since it was created."""
    chance: float
    """P(finished in the sprint's days | its age), 0..1."""
    chance_in_words: str
    """The same in words, with where it was counted."""
    is_stale: bool
    """True when tasks this old are finished far less often than finished tasks were."""


class LeftOutTask(Record):
    """A task that was not chosen, and why."""

    task_id: str
    """Id of the task."""
    title: str
    """Title of the task."""
    reason: str
    """Why it was left out, in words."""
    chance: float
    """P(finished in the sprint's days | its age), 0..1."""


class Selection(Record):
    """Tasks of a new sprint in planning order."""

    tasks: tuple[SelectedTask, ...]
    """The chosen tasks."""
    left_out: tuple[LeftOutTask, ...]
    """The next tasks in order, and those that wait for others; not all of a long backlog."""
    left_out_count: int
    """Free tasks that were not chosen."""
    expected_finished: float
    """Sum of the chances of the chosen tasks."""
    points: float | None
    """Sum of the chosen tasks' estimates; None when none is estimated."""
    estimated_tasks: int
    """Chosen tasks with an estimate."""
    warnings: tuple[str, ...]
    """Stale tasks, each by name, in words."""


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
    selection: Selection | None = None
    """Tasks of the new sprint; None when none is created, or in an import."""
    expectation: ExpectedSprint | None = None
    """Expectation of the new sprint; None as above."""

    def adjustment(self, kind: AdjustmentKind) -> Adjustment | None:
        """Return the adjustment of one number; None when none was considered."""
        return next((item for item in self.adjustments or () if item.kind == kind), None)

    @property
    def lowest_confidence(self) -> float | None:
        """Return the lowest stated confidence of all adjustments; None when none was stated."""
        stated = (item.confidence for item in self.adjustments or ())
        return min((value for value in stated if value is not None), default=None)
