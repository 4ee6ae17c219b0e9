"""Decision modes of projects: read and change them; the settings hold until the first change."""

from agent import schema
from agent.settings import AgentSettings
from domain_services.kernel.errors import Unavailable
from graphs.state import Mode
from memory.modes import Modes, ModeVersion, Setting
from memory.run import ModeRow

# Of several changes at the same moment one succeeds in each attempt; the others merge again.
ATTEMPTS = 10


def default_mode(settings: AgentSettings) -> Mode:
    """Return the mode of a project that has none of its own."""
    return Mode(
        name=settings.decision_mode,
        confidence_threshold=settings.confidence_threshold,
        enable_task_count_adjustment=True,
        enable_sprint_duration_adjustment=True,
    )


def mode_of(stored: ModeRow | None, default: Mode) -> Mode:
    """Return the mode of a run from its project's newest row of `decision_modes`."""
    if stored is None:
        return default
    return Mode(
        name=stored["mode"],
        confidence_threshold=stored["confidence_threshold"],
        enable_task_count_adjustment=stored["enable_task_count_adjustment"],
        enable_sprint_duration_adjustment=stored["enable_sprint_duration_adjustment"],
        certainty=stored["certainty"],
        version=stored["version"],
    )


def merged(now: schema.DecisionMode, change: schema.DecisionModeChange) -> Setting:
    """Return the mode `now` with the values that `change` names."""
    values = now.model_dump() | change.model_dump(exclude_none=True)
    return Setting(
        mode=values["mode"],
        confidence_threshold=values["confidence_threshold"],
        enable_task_count_adjustment=values["enable_task_count_adjustment"],
        enable_sprint_duration_adjustment=values["enable_sprint_duration_adjustment"],
        certainty=values["certainty"],
    )


class DecisionModes:
    """Modes of projects, with the settings' mode as the default."""

    def __init__(self, modes: Modes, default: Mode) -> None:
        self._modes = modes
        self._default = default

    async def read(self, project_id: str) -> schema.DecisionMode:
        """Return a project's mode and its changes, newest first."""
        return self._answer(project_id, await self._modes.history(project_id))

    async def current(self, project_id: str) -> Mode:
        """Return the mode of a project's next run."""
        newest = await self._modes.history(project_id, 1)
        if not newest:
            return self._default
        values = newest[0]
        return Mode(
            name=values.mode,
            confidence_threshold=values.confidence_threshold,
            enable_task_count_adjustment=values.enable_task_count_adjustment,
            enable_sprint_duration_adjustment=values.enable_sprint_duration_adjustment,
            version=values.version,
            certainty=values.certainty,
        )

    async def change(
        self, project_id: str, change: schema.DecisionModeChange, by: str
    ) -> schema.DecisionMode:
        """Change the values that `change` names; the others stay as they are.

        Raises: `Unavailable` when somebody else changed the mode during every attempt.
        """
        for _ in range(ATTEMPTS):
            now = self._answer(project_id, await self._modes.history(project_id, 1))
            if await self._modes.change(project_id, merged(now, change), by, now.version):
                return await self.read(project_id)
        raise Unavailable(
            f"the decision mode of {project_id} was changed by somebody else; read it and try again"
        )

    def _answer(self, project_id: str, history: list[ModeVersion]) -> schema.DecisionMode:
        newest = history[0] if history else None
        default = self._default
        return schema.DecisionMode(
            project_id=project_id,
            version=newest.version if newest else 0,
            mode=newest.mode if newest else default.name,
            confidence_threshold=(newest or default).confidence_threshold,
            enable_task_count_adjustment=(newest or default).enable_task_count_adjustment,
            enable_sprint_duration_adjustment=(newest or default).enable_sprint_duration_adjustment,
            certainty=(newest or default).certainty,
            history=[
                schema.DecisionModeVersion.model_validate(version, from_attributes=True)
                for version in history
            ],
        )
