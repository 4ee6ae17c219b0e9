"""Registry of all tools: reads, writes, and the acting tools of the graph's guard."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from langchain_core.tools import BaseTool
from pydantic import BaseModel

from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from tools.arguments import arguments_of
from tools.backlog import backlog_reads
from tools.chronicle import chronicle_reads
from tools.cronjob_tools import cronjob_reads, cronjob_writes
from tools.cronjobs import CronJobs
from tools.loop_guard import LoopGuard
from tools.ports import OrchestratorReads
from tools.project import project_reads
from tools.runs import outlook_reads, run_reads
from tools.sprint import sprint_reads, sprint_writes
from tools.tool import Function, acting_tool, model_tool


class Toolbox:
    """Tools over one set of clients; without `orchestrator` those of runs are missing."""

    def __init__(
        self,
        project: ProjectClient,
        backlog: BacklogClient,
        sprint: SprintClient,
        chronicle: ChronicleClient,
        cronjobs: CronJobs,
        orchestrator: OrchestratorReads | None = None,
        *,
        loops: LoopGuard | None = None,
    ) -> None:
        reads: list[Function] = [
            *project_reads(project),
            *backlog_reads(backlog),
            *sprint_reads(sprint, chronicle),
            *chronicle_reads(chronicle),
            *cronjob_reads(cronjobs),
        ]
        if orchestrator is not None:
            reads += [*run_reads(orchestrator), *outlook_reads(orchestrator)]
        self._writes = _writes(sprint, cronjobs)
        self.loops = loops or LoopGuard()
        """Guard against repeated calls, shared by all tools."""
        self.read: tuple[BaseTool, ...] = tuple(
            model_tool(function, "read", self.loops) for function in reads
        )
        """Reading tools: refusals are answers, and answers are bounded."""

    @property
    def write(self) -> tuple[BaseTool, ...]:
        """Acting tools that act at once; their refusals are answers, too.

        A model gets those of `tools.for_models` instead.
        """
        return tuple(model_tool(function, "write", self.loops) for function in self._writes)

    @property
    def acting(self) -> tuple[BaseTool, ...]:
        """Acting tools of the graph's guard: they raise `Problem`, and take the guard's key."""
        return tuple(acting_tool(function) for function in self._writes)


def _writes(sprint: SprintClient, cronjobs: CronJobs) -> tuple[Function, ...]:
    return (*sprint_writes(sprint), *cronjob_writes(cronjobs))


@cache
def write_arguments() -> Mapping[str, type[BaseModel]]:
    """Make the argument model of each write by name; an edited call is validated by it."""
    no_client: Any = None  # signatures are the same with any
    return {
        function.__name__: arguments_of(function, with_injected=False)
        for function in _writes(no_client, no_client)
    }


def all_tools(
    project: ProjectClient,
    backlog: BacklogClient,
    sprint: SprintClient,
    chronicle: ChronicleClient,
    cronjobs: CronJobs,
) -> tuple[BaseTool, ...]:
    """Make the reading and the acting tools in the form for models."""
    toolbox = Toolbox(project, backlog, sprint, chronicle, cronjobs)
    return (*toolbox.read, *toolbox.write)
