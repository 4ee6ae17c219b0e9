"""Autonomy of a run: whether its plan is carried out, waits for a person, or is only recorded."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.settings import AgentSettings
from memory.autonomy import describe_pause
from memory.decision import PlannedCall
from memory.episode import ModeName
from memory.run import AutonomyLevel, Run


@dataclass(frozen=True)
class Defaults:
    """Values of the settings for a project that has none of its own."""

    level: AutonomyLevel
    """Level of autonomy."""
    mode: ModeName
    """Decision mode."""


def default_autonomy(settings: AgentSettings) -> Defaults:
    """Return the autonomy of a project for which nobody has set one."""
    return Defaults(level=settings.autonomy, mode=settings.decision_mode)


def level_of(run: Run, default: Defaults) -> AutonomyLevel:
    """Return the level of autonomy of a run's project, as it was when the row was read."""
    # The older name of observe: the mode `shadow` decides with evidence and acts on nothing.
    if _in_shadow(run, default):
        return "observe"
    return default.level if run.autonomy is None else run.autonomy["level"]


def way_out_of_observe(run: Run, default: Defaults) -> str:
    """Say why nothing of an observed project is carried out, and which command changes it."""
    project = run.project_id
    if _in_shadow(run, default):
        return (
            f"the decision mode of {project} is shadow, which acts on nothing;"
            f" dsm mode {project} --mode intelligence_enhanced changes it"
        )
    return (
        f"the autonomy of {project} is observe, which acts on nothing;"
        f" dsm autonomy {project} approve changes it"
    )


def _in_shadow(run: Run, default: Defaults) -> bool:
    return (default.mode if run.mode is None else run.mode["mode"]) == "shadow"


def asks(run: Run, plan: Sequence[PlannedCall], default: Defaults) -> str | None:
    """Say why a plan waits for a person; None for one that is carried out, or never is."""
    level = level_of(run, default)
    if not plan or level == "observe":
        return None
    if run.pause is not None:
        return describe_pause(run.pause)
    if level == "approve":
        return f"{run.project_id} asks a person before it acts"
    always = () if run.autonomy is None else run.autonomy["always_ask"]
    tools = [name for name in dict.fromkeys(call.name for call in plan) if name in always]
    if not tools:
        return None
    return f"{run.project_id} always asks a person before {' and '.join(tools)}"
