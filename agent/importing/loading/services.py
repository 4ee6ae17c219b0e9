"""Clients that an import writes through."""

from typing import TYPE_CHECKING, Protocol

# A preview writes nothing, and the clients take longer to import than many files to read.
if TYPE_CHECKING:
    from agent.client import OrchestratorClient
    from domain_services.backlog.client import BacklogClient
    from domain_services.chronicle.client import ChronicleClient
    from domain_services.project.client import ProjectClient
    from domain_services.sprint.client import SprintClient


class Services(Protocol):
    """One client of each service that holds a part of a project's history."""

    @property
    def project(self) -> "ProjectClient": ...
    @property
    def backlog(self) -> "BacklogClient": ...
    @property
    def sprint(self) -> "SprintClient": ...
    @property
    def chronicle(self) -> "ChronicleClient": ...
    @property
    def orchestrator(self) -> "OrchestratorClient": ...
