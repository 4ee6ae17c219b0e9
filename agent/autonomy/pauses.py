"""Pauses by people: begin one, end one, each with an audit of the deed."""

from agent.autonomy import schema
from domain_services.kernel.errors import NotFound
from domain_services.kernel.types import ALL_PROJECTS
from graphs.deeds import build_deed_audit
from memory.autonomy import Pauses, describe_pause


class PauseSwitch:
    """The pause of each project, and that of all."""

    # No project is concerned by the pause of all alone: its audits have a chain of their own
    # (docs/adr/0142-autonomy-and-pause.md).

    def __init__(self, pauses: Pauses) -> None:
        self._pauses = pauses

    async def in_force(self) -> schema.Pauses:
        """Return every pause that is in force."""
        rows = await self._pauses.in_force()
        return schema.Pauses(pauses=[schema.Pause.model_validate(row) for row in rows])

    async def attention(self) -> list[str]:
        """Return a sentence for readiness and `dsm status` while anything is paused."""
        pauses = (await self.in_force()).pauses
        # Readiness needs no key, so that it names neither projects nor people.
        if not pauses:
            return []
        if pauses[0].project_id is None:
            since = f"{pauses[0].paused_at:%Y-%m-%d %H:%M} UTC"
            return [f"all projects are paused since {since}; end it with: dsm pause --end"]
        count = "1 project is" if len(pauses) == 1 else f"{len(pauses)} projects are"
        return [f"{count} paused; list them: dsm pause --list"]

    async def pause(self, project_id: str | None, reason: str | None, by: str) -> schema.Pause:
        """Pause a project, None for all; one that is in force stays as it is, and is returned."""
        audit = build_deed_audit(project_id or ALL_PROJECTS, "paused", by, reason=reason)
        row = await self._pauses.pause(project_id, reason, by, audit)
        if row is not None:
            return schema.Pause.model_validate(row)
        for pause in (await self.in_force()).pauses:
            if pause.project_id == project_id:
                return pause
        # It was ended between the two statements.
        return await self.pause(project_id, reason, by)

    async def end(self, project_id: str | None, by: str) -> schema.PauseEnded:
        """End the pause of a project, None for that of all. Raises: `NotFound` without one."""
        audit = build_deed_audit(project_id or ALL_PROJECTS, "pause_ended", by)
        row = await self._pauses.end(project_id, by, audit)
        if row is not None:
            return schema.PauseEnded.model_validate(row)
        if project_id is None:
            raise NotFound("no pause of all projects is in force; dsm pause --list names others")
        other = await self._pauses.current(project_id)
        if other is None:
            raise NotFound(f"{project_id} is not paused")
        raise NotFound(f"{project_id} has no pause of its own; {describe_pause(other)}")
