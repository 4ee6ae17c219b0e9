"""The two JSON documents of a stored episode: its reasoning and its action.

People read them in the database, and importers send them. The program itself learns from columns.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypedDict
from uuid import UUID

from pydantic import BaseModel, ConfigDict, JsonValue

from domain_services.kernel.types import UtcMoment
from memory.decision import (
    Adjustment,
    AdjustmentKind,
    CalibrationUsed,
    Confidence,
    Decision,
    DecisionSource,
    EvidenceUsed,
    Gate,
    Part,
    RuleDecision,
)
from memory.documents import (
    AdjustmentReport,
    EvidenceDetails,
    RuleBasedDecision,
    adjustment_reports,
    rule_report,
)
from memory.episode import Episode, Name, Origin, Outcome, Perception, SimilarEpisode

JsonObject = dict[str, JsonValue]


class Reasoning(BaseModel):
    """Reasons of a decision. An unknown field is null, and absent when stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str = ""
    """The reasons in words."""
    rule_based_decision: RuleBasedDecision | None = None
    """The decision of the rules alone."""
    intelligence_adjustments: dict[AdjustmentKind, AdjustmentReport] | None = None
    """Each adjustment that was considered; an empty object when none was."""
    similar_episodes: tuple[SimilarEpisode, ...] | None = None
    """The recalled episodes, nearest first."""
    degraded: tuple[str, ...] | None = None
    """What the decision had to do without."""


class Cancellation(BaseModel):
    """Cancellation of the sprint that a decision created."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    """Time of the cancellation."""
    reason: str | None
    """Reason of the cancellation; null when none was given."""


class Action(BaseModel):
    """Decision, and what was done."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    create_sprint: bool
    """True when a sprint was to be created."""
    tasks: int | None = None
    """Tasks of the new sprint; null when not known or none was created."""
    duration_weeks: int | None = None
    """Weeks of the new sprint; null when not known or none was created."""
    duration_days: int | None = None
    """Days of an imported sprint; null for a run, whose sprints are whole weeks."""
    taken: tuple[str, ...] | None = None
    """What was done, in words."""
    dry_run: bool | None = None
    """True when nothing was to be done."""
    cancelled: Cancellation | None = None
    """Cancellation of the sprint; null, and absent when stored, when it was not cancelled."""


class EpisodeDocument(BaseModel):
    """An episode as importers send it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    episode_id: UUID
    """Derived from the past sprint, so that a second import adds nothing."""
    project_id: Name
    """Id of the project."""
    origin: Origin
    """`import` for a past sprint of an imported file."""
    decided_at: UtcMoment
    """Time of the decision; for an import the first day of the window."""
    agent_version: Name
    """Name of the importer."""
    decision_source: DecisionSource
    """`rule_based_only` for an import."""
    sprint_id: Name | None = None
    """The sprint that was created; null when none was."""
    perception: Perception
    """State of the project at the time."""
    reasoning: Reasoning
    """Reasons of the decision."""
    action: Action
    """The decision itself."""
    outcome: Outcome | None = None
    """How the sprint ended; null while that is not known."""

    def to_episode(self) -> Episode:
        """Return the episode with a typed decision."""
        return Episode(
            episode_id=self.episode_id,
            project_id=self.project_id,
            origin=self.origin,
            decided_at=self.decided_at,
            agent_version=self.agent_version,
            sprint_id=self.sprint_id,
            perception=self.perception,
            decision=decision_of(self.reasoning, self.action, self.decision_source),
            similar_episodes=self.reasoning.similar_episodes or (),
            degraded=self.reasoning.degraded or (),
            actions_taken=self.action.taken or (),
            dry_run=self.action.dry_run or False,
            outcome=self.outcome,
        )


def read_episode(document: Mapping[str, object]) -> Episode:
    """Return the episode of a journal row. Raises: `ValidationError`."""
    # Release 0.1.0 wrote the two documents here; such rows may wait while the program is updated.
    if "decision" not in document:
        return EpisodeDocument.model_validate(document).to_episode()
    return Episode.model_validate(document)


class Documents(TypedDict):
    """Both documents, by the names of their columns."""

    reasoning: JsonObject
    """`Reasoning` as JSON."""
    action: JsonObject
    """`Action` as JSON."""


def documents_of(episode: Episode) -> Documents:
    """Return the documents of an episode, without the fields that an import does not know."""
    decision, decided_here = episode.decision, episode.origin == "run"
    reasoning = Reasoning(
        text=decision.reasoning,
        rule_based_decision=rule_report(decision.rule) if decision.rule else None,
        intelligence_adjustments=None
        if decision.adjustments is None
        else adjustment_reports(decision.adjustments),
        similar_episodes=episode.similar_episodes if decided_here else None,
        degraded=episode.degraded if decided_here else None,
    )
    action = Action(
        create_sprint=decision.create_sprint,
        tasks=decision.tasks,
        duration_weeks=decision.duration_weeks,
        duration_days=decision.duration_days,
        taken=episode.actions_taken if decided_here else None,
        dry_run=episode.dry_run if decided_here else None,
    )
    unknown = {name for name, value in reasoning if value is None}
    length: set[Literal["duration_weeks", "duration_days"]] = (
        {"duration_days"} if decision.duration_days is None else {"duration_weeks"}
    )
    left_out = {name for name in ("taken", "dry_run") if not decided_here} | length | {"cancelled"}
    return Documents(
        reasoning=reasoning.model_dump(mode="json", exclude=unknown),
        action=action.model_dump(mode="json", exclude=left_out),
    )


def decision_of(reasoning: Reasoning, action: Action, source: DecisionSource) -> Decision:
    """Return the decision that two documents describe; its planned calls are not in them."""
    rule, reports = reasoning.rule_based_decision, reasoning.intelligence_adjustments
    return Decision(
        create_sprint=action.create_sprint,
        close_sprint=False,
        tasks=action.tasks,
        duration_weeks=action.duration_weeks,
        duration_days=action.duration_days,
        rule=rule
        and RuleDecision(
            tasks=rule.tasks_to_assign,
            duration_weeks=rule.sprint_duration_weeks,
            reasoning=rule.reasoning,
        ),
        adjustments=None
        if reports is None
        else tuple(_adjustment(kind, report) for kind, report in reports.items()),
        source=source,
        reasoning=reasoning.text,
        plan=(),
    )


def _adjustment(kind: AdjustmentKind, report: AdjustmentReport) -> Adjustment:
    details = report.evidence_details
    known = details if isinstance(details, EvidenceDetails) else None
    return Adjustment(
        kind=kind,
        rule=report.original_recommendation,
        recommended=report.intelligence_recommendation,
        applied=report.applied_value,
        confidence=report.confidence,
        sample_size=report.sample_size,
        evidence_source=report.evidence_source,
        rationale=report.rationale,
        expected_improvement=report.expected_improvement,
        evidence=_evidence(known) if known else None,
        gate=Gate(passed=report.gate.passed, reason=report.gate.reason),
    )


def _evidence(details: EvidenceDetails) -> EvidenceUsed:
    proposal, confidence = details.proposal, details.confidence
    return EvidenceUsed(
        similar_projects=tuple(details.similar_projects_used),
        episodes=tuple(details.episodes_used),
        own_history=tuple(details.own_history),
        expected=proposal.expected,
        low=proposal.low,
        high=proposal.high,
        wins=proposal.wins,
        losses=proposal.losses,
        parts=tuple(
            Part(name=part.name, value=part.value, sample_size=part.sample_size)
            for part in proposal.parts
        ),
        calibration=CalibrationUsed(
            version=confidence.calibration_version, sample_size=confidence.calibration_sample_size
        ),
        kind=proposal.kind,
        nearer=None
        if confidence.raw is None or confidence.calibrated is None
        else Confidence(stated=confidence.calibrated, raw=confidence.raw),
        windows=proposal.windows,
        rule_error=proposal.rule_error,
        evidence_error=proposal.evidence_error,
    )
