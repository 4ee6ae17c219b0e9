"""Dependencies of the nodes: clients, tools and memory, handed to the graph at each run."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from langchain_core.tools import BaseTool

from domain_services.backlog.client import BacklogClient
from domain_services.chronicle.client import ChronicleClient
from domain_services.project.client import ProjectClient
from domain_services.sprint.client import SprintClient
from graphs.evidence.calibration import Calibration
from graphs.steps import Steps
from memory.decision_outcomes import EndedDecisions
from memory.deleted_schedules import DeletedSchedules
from memory.recall import Recaller
from memory.run import Run
from memory.runs import RunTable
from tools.cronjobs import CronJobs


@dataclass(frozen=True)
class Sources:
    """Sources of a project's state."""

    project: ProjectClient
    """Client of the project service."""
    backlog: BacklogClient
    """Client of the backlog service."""
    sprint: SprintClient
    """Client of the sprint service."""
    chronicle: ChronicleClient
    """Client of the chronicle."""
    cronjobs: CronJobs
    """Schedules of the project and of its daily scrums."""
    deleted_schedules: DeletedSchedules
    """Daily scrums that people deleted or rejected."""
    patience: float
    """Factor on the seconds of `graphs/thresholds.py`."""


@dataclass(frozen=True)
class Deps(Sources):
    """Sources, tools and memory of one run."""

    # Clients cannot be stored, so that they are no part of the state.

    tools: tuple[BaseTool, ...]
    """Tools that a plan may call."""
    may_call: Callable[[], Awaitable[None]]
    """Check before each call; it raises `Paused` while the project is paused."""
    recaller: Recaller
    """Search for similar episodes."""
    ended_decisions: EndedDecisions
    """Decisions of the project whose sprints have ended."""
    runs: RunTable
    """The run table."""
    calibration: Calibration
    """Calibration in force when the run began."""
    agent_version: str
    """Version of this program, for episode and audit."""
    run: Run
    """The run, with its fencing token."""
    steps: Steps = field(default_factory=Steps)
    """Steps of the run in this process."""
