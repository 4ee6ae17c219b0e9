"""Approval requests of models: a write becomes a run that waits for a person."""

from collections.abc import Callable
from typing import Any

from agent.bootstrap import Services
from agent.client import OrchestratorClient
from domain_services.kernel.errors import Unavailable
from memory.decision import PlannedCall
from tools.for_models import RequestApproval

_MISSING = "this release of the orchestrator takes no approval requests; a person has to act"


def own_requests(services: Services, caller: Callable[[], str]) -> RequestApproval:
    """Ask by the objects of this process; `caller` names the key that asks at the moment."""

    async def request_approval(call: PlannedCall, project_id: str) -> dict[str, Any]:
        del call, project_id
        raise Unavailable(_MISSING, caller=caller(), services=len(vars(services)))

    return request_approval


def requests_by_client(orchestrator: OrchestratorClient, program: str) -> RequestApproval:
    """Ask over HTTP with the key of the client; `program` says what asks, for the person."""

    async def request_approval(call: PlannedCall, project_id: str) -> dict[str, Any]:
        del call, project_id
        raise Unavailable(_MISSING, peer=orchestrator.peer, program=program)

    return request_approval
