"""How far intelligence may go in a project: as settings say, until somebody says otherwise."""

from typing import Any

from agent import schema
from agent.settings import AgentSettings
from domain_services.kernel.errors import Unavailable
from graphs.state import Mode
from memory.modes import Modes, ModeVersion, Setting

ATTEMPTS = 10  # one of those who change a mode at once succeeds each time, the others merge again


def default_mode(settings: AgentSettings) -> Mode:
    return Mode(
        name=settings.decision_mode,
        confidence_threshold=settings.confidence_threshold,
        enable_task_count_adjustment=True,
        enable_sprint_duration_adjustment=True,
    )


def mode_of(stored: dict[str, Any] | None, default: Mode) -> Mode:
    """The mode of a run from its project's newest row of `decision_modes`."""
    if stored is None:
        return default
    return Mode(
        name=stored["mode"],
        confidence_threshold=stored["confidence_threshold"],
        enable_task_count_adjustment=stored["enable_task_count_adjustment"],
        enable_sprint_duration_adjustment=stored["enable_sprint_duration_adjustment"],
        version=stored["version"],
    )


def merged(now: schema.DecisionMode, change: schema.DecisionModeChange) -> Setting:
    """What holds `now`, with what `change` names in its place."""
    wanted = now.model_dump() | change.model_dump(exclude_none=True)
    return Setting(
        mode=wanted["mode"],
        confidence_threshold=wanted["confidence_threshold"],
        enable_task_count_adjustment=wanted["enable_task_count_adjustment"],
        enable_sprint_duration_adjustment=wanted["enable_sprint_duration_adjustment"],
    )


class DecisionModes:
    """Reads and changes the modes of projects."""

    def __init__(self, modes: Modes, default: Mode) -> None:
        self._modes = modes
        self._default = default

    async def read(self, project_id: str) -> schema.DecisionMode:
        """What holds now, and every change that led there, newest first."""
        return self._answer(project_id, await self._modes.history(project_id))

    async def change(
        self, project_id: str, change: schema.DecisionModeChange, by: str
    ) -> schema.DecisionMode:
        """Change what is named; what is not named stays as it is, also as others just changed it.

        Raises: `Unavailable` when others changed it between reading and writing in every attempt.
        """
        for _ in range(ATTEMPTS):
            now = self._answer(project_id, await self._modes.history(project_id, 1))
            if await self._modes.change(project_id, merged(now, change), by, now.version):
                return await self.read(project_id)
        raise Unavailable(f"many change the mode of {project_id} at once")

    def _answer(self, project_id: str, history: list[ModeVersion]) -> schema.DecisionMode:
        holds = history[0] if history else None
        default = self._default
        return schema.DecisionMode(
            project_id=project_id,
            version=holds.version if holds else 0,
            mode=holds.mode if holds else default.name,
            confidence_threshold=(holds or default).confidence_threshold,
            enable_task_count_adjustment=(holds or default).enable_task_count_adjustment,
            enable_sprint_duration_adjustment=(holds or default).enable_sprint_duration_adjustment,
            history=[
                schema.DecisionModeVersion.model_validate(each, from_attributes=True)
                for each in history
            ],
        )
