"""What the nodes may reach; given to the graph at each run, never kept in its state."""

from dataclasses import dataclass

from langchain_core.tools import BaseTool

from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from graphs.evidence.calibration import Calibration
from memory.recall import Recaller
from memory.runs import Run, RunTable
from tools.cronjobs import CronJobs


@dataclass(frozen=True)
class Sources:
    """Where the state of a project is read from.

    `patience` is the factor on the seconds that `graphs/thresholds.py` allows.
    """

    project: ProjectClient
    backlog: BacklogClient
    sprint: SprintClient
    chronicle: ChronicleClient
    cronjobs: CronJobs
    patience: float


@dataclass(frozen=True)
class Deps(Sources):
    """Sources, tools and memory of one run; `run` carries its fencing token.

    `calibration` is the one in force when the run began.
    """

    tools: tuple[BaseTool, ...]
    recaller: Recaller
    runs: RunTable
    calibration: Calibration
    agent_version: str
    run: Run
