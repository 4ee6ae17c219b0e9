"""Rows of tables about runs: plain dicts of numbers, texts and dates."""

from datetime import date, datetime
from typing import TypedDict

Value = str | int | float | bool | None


class RunRow(TypedDict):
    """One run."""

    run_id: str
    """Id of the run."""
    project: str
    """Id of the project."""
    status: str
    """Status of the run."""
    dry_run: bool
    """True when the request asked for no call."""
    started: datetime
    """Time of the start, UTC."""
    seconds: float | None
    """Duration; None while it is unfinished."""
    tries: int
    """Failed tries to finish it."""
    actions: str
    """Calls that it made, in words; empty when none."""
    reason: str | None
    """Why it failed; None unless it did."""


class AdjustmentRow(TypedDict):
    """One number of a decision: the rule's, the recommended and the applied one."""

    number: str
    """Name of the number."""
    rule: int
    """The rule's number."""
    recommended: int
    """The number that the evidence suggests."""
    applied: int
    """The number that holds."""
    confidence: float | None
    """Probability that following the evidence pays, 0..1; None when the numbers are equal."""
    sample: int
    """Past sprints, windows and similar episodes behind it."""
    passed: bool
    """True when the gate let the recommended number through."""
    evidence: str
    """Origin of the evidence, in words."""


class NeighbourRow(TypedDict):
    """One recalled episode beside the state that asked."""

    episode: str
    """Name of its sprint, or its project."""
    project: str
    """Id of its project."""
    day: date
    """The project's day of the decision."""
    blend: float
    """Distance by numbers and text together: 1 - similarity, 0 is the same."""
    by_numbers: float
    """Distance of the states' numbers."""
    by_text: float | None
    """Distance of the states' texts; None where they were not compared."""
    completed: int
    """Tasks that were completed in its sprint."""


class PastSprintRow(TypedDict):
    """One sprint that has ended, as the chronicle has it."""

    project: str
    """Id of the project."""
    sprint: str
    """Id of the sprint."""
    start: date
    """Its first day."""
    end: date
    """The last day that it ran."""
    planned: int | None
    """Tasks committed to at its start; None when not known."""
    completed: int
    """Tasks that the team completed in its days, in the sprint or outside it."""
    arrived: int | None
    """Of these, created after it began; None when not known."""
    origin: str
    """Source of the note: the sprint service, or an import."""
    worked: bool
    """False for a sprint that counts as no evidence."""


class AuditRow(TypedDict):
    """One audit of a decision."""

    at: datetime
    """Time of the decision, UTC."""
    effect: str
    """`acted`, or why it did not act."""
    source: str
    """Rule alone, or rule and evidence."""
    sprint: str | None
    """The sprint decided about; None when none was concerned."""
    rule: int | None
    """Tasks by the rule; None when no sprint was planned."""
    decided: int | None
    """Tasks that held; None as above."""
    confidence: float | None
    """Confidence of the decision, 0..1; None when none was stated."""
    actor: str
    """Program or person that decided."""
    number: int
    """Place in the project's chain, from 1."""


class ChangeRow(TypedDict):
    """One field of a run's state that a node wrote."""

    node: str
    """Name of the node."""
    field: str
    """Place of the field in the state, by dots; `[0]` is the first item of a list."""
    before: Value
    """Value before the node; None when it had none."""
    after: Value
    """Value after it."""


class EpisodeRow(TypedDict):
    """One remembered decision with its outcome."""

    episode: str
    """Id of the episode."""
    project: str
    """Id of the project."""
    sprint: str | None
    """The sprint that it began; None when it began none."""
    origin: str
    """`run` for a decision here, `import` for a past sprint of an imported file."""
    day: date
    """The project's day of the decision."""
    known_on: date | None
    """Day from which decisions may recall it; None while its sprint has not ended."""
    open_tasks: int | None
    """Tasks of the backlog at the time; None for a forgotten episode."""
    past_sprints: int | None
    """Sprints of the project before it; None as above."""
    planned: int | None
    """Tasks that entered the sprint; None when not known."""
    completed: int | None
    """Tasks completed in it; None while that is not known."""
