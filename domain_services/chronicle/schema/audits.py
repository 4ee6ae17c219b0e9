"""Wire types of decision audits, which form one chain of hashes a project."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from domain_services.chronicle.schema.notes import check_sprint
from domain_services.chronicle.values import Instant, JsonObject, StoredJson
from domain_services.kernel.types import Answer, Line, ProjectId, Prose, SprintId, Wire

DecisionSource = Literal["rule_based_only", "intelligence_enhanced"]
# The one definition of a decision that acted, for chronicle and orchestrator: its run was no dry
# run, and its mode acts (docs/adr/0089-decisions-that-acted.md). One that a person changed acted
# too, and is compared with no other (docs/adr/0145-audits-of-deeds.md).
DecisionEffect = Literal["acted", "edited", "dry_run", "shadow", "not_approved"]
AuditEffect = DecisionEffect | Literal["deed"]
Share = Annotated[float, Field(strict=True, ge=0, le=1)]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256, hex")]


class DecisionAuditCreate(Wire):
    """One decision of the orchestrator, to be added to its project's chain."""

    audit_id: UUID
    """Id of the audit; sending the same again changes nothing."""
    project_id: ProjectId
    """The project decided about."""
    sprint_id: SprintId | None = None
    """The sprint decided about; null: no sprint was concerned."""
    decision_source: DecisionSource
    """Rule alone, or rule and evidence."""
    decision: JsonObject
    """The decision as it was applied."""
    rule_based_decision: JsonObject | None = None
    """The decision of the rule alone; null: not stated."""
    intelligence_adjustments: JsonObject | None = None
    """Adjustments that the evidence proposed; null: none."""
    reasoning: Prose = ""
    """Reasons for people."""
    confidence: Share | None = None
    """Confidence in 0..1; null: none was stated."""
    actor: Line
    """Program or person that decided."""
    run_id: Line | None = None
    """Run of the orchestrator; null: no run."""
    timestamp: Instant
    """Time of the decision."""

    @model_validator(mode="after")
    def _check_project(self) -> "DecisionAuditCreate":
        if self.sprint_id is not None:
            check_sprint(self.sprint_id, self.project_id)
        return self


class DecisionAudit(Answer):
    """Recorded decision with its place in its project's chain."""

    audit_id: UUID
    """Id of the audit."""
    project_id: str
    """The project decided about."""
    sprint_id: str | None
    """The sprint decided about; null: no sprint was concerned."""
    decision_source: DecisionSource
    """Rule alone, or rule and evidence."""
    decision: StoredJson
    """The decision as it was applied."""
    rule_based_decision: StoredJson | None
    """The decision of the rule alone; null: not stated."""
    intelligence_adjustments: StoredJson | None
    """Adjustments that the evidence proposed; null: none."""
    reasoning: str
    """Reasons for people."""
    confidence: float | None
    """Confidence in 0..1; null: none was stated."""
    actor: str
    """Program or person that decided."""
    run_id: str | None
    """Run of the orchestrator; null: no run."""
    timestamp: datetime
    """Time of the decision, UTC."""
    effect: AuditEffect = "acted"
    """`acted` when its calls were to be made; `edited` when a person changed them before.

    `dry_run`, `shadow` and `not_approved` decisions make no call. A `deed` is no decision: a person
    approved, rejected, undid, paused or corrected.
    """
    sequence: int
    """Place in the project's chain, from 1."""
    prev_hash: str
    """Hash of the audit before; 64 zeros for the first."""
    hash: str
    """SHA-256 (hex) of the bytes of `prev_hash` followed by the record's canonical JSON.

    The record holds the time of recording as `$recorded_at`."""
    recorded_at: datetime
    """Time of recording, UTC."""


class AuditIdentity(Answer):
    """Audit as far as a comparison with the runs of the orchestrator needs it."""

    audit_id: UUID
    """Id of the audit; that of its run, when a run decided."""
    project_id: str
    """The project decided about."""
    decision_source: DecisionSource
    """Rule alone, or rule and evidence."""
    actor: str
    """Program or person that decided."""
    run_id: str | None
    """Run of the orchestrator; null: no run."""
    content: Hash
    """Digest of all that the caller sent."""


class ChainCut(Answer):
    """Cut of the front of a chain, as its signed head states it."""

    first_sequence: int
    """Place of the first audit that was cut off."""
    last_sequence: int
    """Place of the last audit that was cut off."""
    audits: int
    """Number of audits that were cut off."""
    hash: Hash
    """Hash of the last of them, which the chain continues."""
    first_recorded_at: datetime
    """Earliest time of recording among them, UTC."""
    last_recorded_at: datetime
    """Latest time of recording among them, UTC."""
    cut_at: datetime
    """Time of the cut, UTC."""
    rule: str
    """Setting by which they were cut off."""


class ProjectChain(Answer):
    """Verification of one project's chain.

    A chain whose end was cut off is broken at its last remaining audit. When no audit remains,
    there is none to name.
    """

    project_id: str
    """The project of the chain."""
    verified: bool
    """True when every link holds."""
    records: int
    """Audits in the chain, without those that were cut off."""
    cuts: list[ChainCut] = []
    """Signed cuts of its front, oldest first."""
    first_broken: UUID | None
    """First audit whose link does not hold; null: none, or no audit remains."""
    first_broken_sequence: int | None
    """Place of that audit in the chain; null: as `first_broken`."""
    problem: str | None
    """Description of the break; null: there is none."""
    head: str | None
    """Hash of the last audit as the chain recorded it; null when that record is gone."""


class ChainVerification(Answer):
    """Verification of the chains of one project or of all.

    The owner of the database can rewrite a chain whole. Only a head that was noted elsewhere
    shows that.
    """

    verified: bool
    """True when every chain holds and a noted head was found."""
    records: int
    """Audits in all chains."""
    first_broken: UUID | None
    """First broken audit of the first broken chain; null: none is broken."""
    noted_head_found: bool | None
    """True when the noted head is still in the chain; null: none was given."""
    chains: list[ProjectChain]
    """Verification by project."""
