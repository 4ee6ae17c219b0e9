"""A decision as its caller watches it: events while it is made, then the answer."""

from collections.abc import Callable
from contextlib import aclosing

from agent.client import ORCHESTRATE_SECONDS, OrchestratorClient
from agent.schema import OrchestrationRequest
from domain_services.kernel.client.http_client import Lost
from domain_services.kernel.client.streaming import ServerEvent
from graphs.answer import Orchestration

Watch = Callable[[ServerEvent], None]


async def watch_decision(
    client: OrchestratorClient, project_id: str, body: OrchestrationRequest, watch: Watch
) -> Orchestration:
    """Decide as `client.orchestrate` does; `watch` gets each event before the answer.

    Raises: as `client.orchestrate`, also for a problem that the stream ends with.
    """
    path = f"/orchestrate/project/{project_id}"
    async with aclosing(client.events(path, body=body, timeout=ORCHESTRATE_SECONDS)) as events:
        async for event in events:
            if event.name == "answer":
                return Orchestration.model_validate(event.data)
            if event.name == "error":
                raise client.problem_of(event.data)
            watch(event)
    raise Lost(client.peer, "ended its answer too soon; read the run with: dsm runs", False)
