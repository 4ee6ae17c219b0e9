"""The assistant over the objects of the orchestrator's process."""

from agent.bootstrap import Services
from agent.chat.conversation import Chat
from agent.settings import AgentSettings
from agent.toolbox.approval_requests import own_requests
from agent.toolbox.tool_reads import own_toolbox
from tools.for_models import RequestApproval


def make_chat(settings: AgentSettings, services: Services) -> Chat:
    """Make the assistant."""

    def requests_of(name: str) -> RequestApproval:
        return own_requests(services, lambda: name, "the chat")

    return Chat(settings.chat, services.pool, own_toolbox(services), requests_of)
