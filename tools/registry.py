"""Registry of all tools of the orchestrator."""

from langchain_core.tools import BaseTool

from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from tools.backlog import backlog_tools
from tools.chronicle import chronicle_tools
from tools.cronjob_tools import cronjob_tools
from tools.cronjobs import CronJobs
from tools.project import project_tools
from tools.sprint import sprint_tools


def all_tools(
    project: ProjectClient,
    backlog: BacklogClient,
    sprint: SprintClient,
    chronicle: ChronicleClient,
    cronjobs: CronJobs,
) -> tuple[BaseTool, ...]:
    """Make the reading and the acting tools; the acting ones take an idempotency key."""
    return (
        *project_tools(project),
        *backlog_tools(backlog),
        *sprint_tools(sprint),
        *chronicle_tools(chronicle),
        *cronjob_tools(cronjobs),
    )
