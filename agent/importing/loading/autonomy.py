"""Autonomy of an imported team: it asks a person until somebody lets it act."""

from typing import TYPE_CHECKING, Literal

from domain_services.kernel.errors import Problem, Unavailable

if TYPE_CHECKING:
    from agent.client import OrchestratorClient

Level = Literal["observe", "approve", "act"]
LEVELS: tuple[Level, ...] = ("observe", "approve", "act")
# A sprint that is closed cannot be opened again: it asks also when the team lets the rest act.
ALWAYS_ASK = ("close_sprint",)


async def set_autonomy(orchestrator: "OrchestratorClient", project_id: str, level: Level) -> None:
    """Store the autonomy of a project that was created a moment ago.

    `act` asks for nothing; the other levels ask for `ALWAYS_ASK` after they were raised, too.
    Raises: `Unavailable` with the command that stores it.
    """
    # Imported here, not above: a preview needs the levels alone.
    from agent.autonomy.schema import AutonomyChange

    always_ask = [] if level == "act" else [*ALWAYS_ASK]
    try:
        current = await orchestrator.get_autonomy(project_id)
        # Without a version of its own that says what the settings say already.
        if (current.level, current.always_ask) != (level, always_ask):
            change = AutonomyChange(level=level, always_ask=always_ask)
            await orchestrator.change_autonomy(project_id, change)
    except Problem as problem:
        options = "".join(f" --always-ask {tool}" for tool in always_ask)
        raise Unavailable(
            f"{project_id} was created, and its autonomy could not be stored: {problem.detail};"
            f" store it with dsm autonomy {project_id} {level}{options}, then import again"
        ) from problem
