"""Autonomy of projects: read and change it; the settings hold until the first change."""

from collections.abc import Mapping, Sequence

from agent.autonomy import schema
from domain_services.kernel.errors import Invalid, Unavailable
from domain_services.kernel.words import counted
from graphs.deeds import build_deed_audit
from memory.autonomy import Autonomies, AutonomyVersion
from memory.run import AutonomyLevel
from tools.registry import write_arguments

# Of several changes at the same moment one succeeds in each attempt; the others merge again.
ATTEMPTS = 10

_VERBS: Mapping[AutonomyLevel, tuple[str, str]] = {
    "observe": ("only observes", "only observe"),
    "approve": ("asks a person first", "ask a person first"),
    "act": ("acts", "act"),
}


class ProjectAutonomies:
    """Autonomy of projects, with the settings' level as the default."""

    def __init__(self, autonomies: Autonomies, default: AutonomyLevel) -> None:
        self._autonomies = autonomies
        self._default: AutonomyLevel = default
        self._tools = sorted(write_arguments())

    async def read(self, project_id: str) -> schema.Autonomy:
        """Return a project's autonomy and its changes, newest first."""
        return self._answer(project_id, await self._autonomies.history(project_id))

    async def in_short(self) -> str:
        """Say how many projects ask, observe or act, for readiness and `dsm status`."""
        # Readiness needs no key, so that it names no project.
        levels = await self._autonomies.levels()
        others = "all" if not levels else "the others"
        own = [
            f"{counted(levels[level], 'project')} {verb if levels[level] == 1 else verbs}"
            for level, (verb, verbs) in _VERBS.items()
            if level in levels
        ]
        rest = f"{others} {_VERBS[self._default][1]} (DSM_AUTONOMY)"
        return ", ".join([*own, rest])

    async def change(
        self, project_id: str, change: schema.AutonomyChange, by: str
    ) -> schema.Autonomy:
        """Change the values that `change` names; the others stay as they are.

        Raises: `Invalid` for a tool that does not act; `Unavailable` when somebody else changed
        the autonomy during every attempt.
        """
        self._check(change.always_ask or ())
        for _ in range(ATTEMPTS):
            now = self._answer(project_id, await self._autonomies.history(project_id, 1))
            level = change.level or now.level
            named = now.always_ask if change.always_ask is None else change.always_ask
            always_ask = sorted(set(named))
            audit = build_deed_audit(
                project_id,
                "autonomy_changed",
                by,
                details={
                    "version": now.version + 1,
                    "before": {"level": now.level, "always_ask": [*now.always_ask]},
                    "after": {"level": level, "always_ask": [*always_ask]},
                },
            )
            if await self._autonomies.change(project_id, level, always_ask, by, now.version, audit):
                return await self.read(project_id)
        raise Unavailable(
            f"the autonomy of {project_id} was changed by somebody else; read it and try again"
        )

    def _check(self, names: Sequence[str]) -> None:
        unknown = [name for name in names if name not in self._tools]
        if unknown:
            raise Invalid(
                f"always_ask: {unknown[0]!r} is no tool that changes something; name some of"
                f" {', '.join(self._tools)}"
            )

    def _answer(self, project_id: str, history: Sequence[AutonomyVersion]) -> schema.Autonomy:
        newest = history[0] if history else None
        return schema.Autonomy(
            project_id=project_id,
            version=newest.version if newest else 0,
            level=newest.level if newest else self._default,
            always_ask=newest.always_ask if newest else [],
            tools=self._tools,
            history=[
                schema.AutonomyVersion.model_validate(version, from_attributes=True)
                for version in history
            ],
        )
