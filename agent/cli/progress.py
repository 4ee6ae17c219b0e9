"""Progress of a decision in a terminal: one line that names the step or call under way."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.client import OrchestratorClient
    from agent.schema import OrchestrationRequest
    from domain_services.kernel.client.streaming import ServerEvent
    from graphs.answer import Orchestration

# The step that follows the end of each one.
_NEXT = {
    "analyse": "comparing with past sprints",
    "gate": "recording",
    "act": "recording",
}


async def decide_with_progress(
    client: "OrchestratorClient", project: str, request: "OrchestrationRequest"
) -> "Orchestration":
    """Ask for a decision and show its progress where a person watches the terminal.

    The line goes to standard error and is gone at the end. Raises: as `client.orchestrate`.
    """
    if not sys.stderr.isatty():
        return await client.orchestrate(project, request)
    from rich.console import Console

    from agent.cli.layout import plain_text
    from agent.decision_stream import watch_decision

    with Console(stderr=True).status("reading the project") as status:

        def watch(event: "ServerEvent") -> None:
            if words := describe_event(event):
                status.update(plain_text(words))

        return await watch_decision(client, project, request, watch)


def describe_event(event: "ServerEvent") -> str | None:
    """Describe what happens after an event; None where nothing new does."""
    if event.name == "call" and event.data["state"] == "begun":
        return str(event.data["description"])
    if event.name == "step":
        return _NEXT.get(event.data["node"])
    return None
