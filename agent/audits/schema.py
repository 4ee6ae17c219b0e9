"""Wire types of the verification of audits: their chains, and the comparison with the runs."""

from uuid import UUID

from domain_services.chronicle.schema import ChainVerification
from domain_services.kernel.types import Answer


class DifferingAudit(Answer):
    """Audit that says something else than its run."""

    audit_id: UUID
    """Id of the audit and of the run."""
    difference: str
    """Description of what differs."""


class ComparedProject(Answer):
    """Comparison of a project's audits with its runs, and with what people did to them.

    Each list names the first 20 by id; the counts are of all.
    """

    project_id: str
    """Project that was decided about."""
    compared: int = 0
    """Runs and deeds of people whose audit is in the chronicle and says the same."""
    on_the_way: int = 0
    """Audits that are not delivered yet."""
    of_no_run: int = 0
    """Audits that name no run: a person or another program recorded them."""
    missing: list[UUID] = []
    """Runs and deeds whose audit was delivered and is not in the chronicle."""
    missing_count: int = 0
    """Number of these audits."""
    forged: list[UUID] = []
    """Audits that name a run which never was, or a deed that nobody did."""
    forged_count: int = 0
    """Number of these audits."""
    differing: list[DifferingAudit] = []
    """Audits that say something else than their runs."""
    differing_count: int = 0
    """Number of these audits."""

    @property
    def verified(self) -> bool:
        """True when no audit is missing, forged or differing."""
        return not (self.missing_count or self.forged_count or self.differing_count)


class AuditVerification(Answer):
    """Verification of the audits of one project, or of all."""

    verified: bool
    """True when every chain holds and every audit is the one of its run."""
    chains: ChainVerification
    """The chronicle's verification of its chains."""
    projects: list[ComparedProject]
    """Comparison with the runs, by project; those without either are left out."""
