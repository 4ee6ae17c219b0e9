"""The orchestrator over real services, whose answers are compared with golden files."""

from tests.agent.conftest import whole as whole
from tests.graphs.conftest import system as system
