"""Route that verifies audits, for a monitoring job and `dsm audit verify`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from agent.audits.comparison import Comparison
from agent.audits.schema import AuditVerification
from agent.bootstrap import Services
from domain_services.chronicle.schema import Hash
from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.openapi import problems
from memory.audits import AuditedRuns

router = APIRouter(prefix="/orchestrate/audits", tags=["audits"])

# A chain of years is hashed anew in one request.
CHAINS_SECONDS = 60.0


async def _services(request: Request) -> Services:
    return request.app.state.services


@router.get("/verification", responses=problems(400, 503))
async def verify_audits(
    services: Annotated[Services, Depends(_services)],
    project_id: ProjectId | None = None,
    noted_head: Annotated[
        Hash | None, Query(description="hash that was noted elsewhere; the chain must hold it")
    ] = None,
) -> AuditVerification:
    """Verify the chains of one project, or of all, and compare the audits with the runs.

    The answer is 200 also when an audit is missing or forged: `verified` says it.
    """
    if noted_head is not None and project_id is None:
        raise Invalid("a noted head is one project's: name the project too")
    chronicle = services.clients.chronicle
    chains = await chronicle.verify_decision_audits(project_id, noted_head, timeout=CHAINS_SECONDS)
    projects = await Comparison(AuditedRuns(services.pool), chronicle, project_id).run()
    verified = chains.verified and all(project.verified for project in projects)
    return AuditVerification(verified=verified, chains=chains, projects=projects)
