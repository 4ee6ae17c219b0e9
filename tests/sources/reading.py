"""Reading of a server of the tests, with a clock that stands still."""

from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from agent.importing.reading.source_rows import SourceRow, SourceRows
from agent.importing.sources.last_read import LastRead
from agent.importing.sources.rate_limits import Clock
from agent.importing.sources.source import fetch
from agent.importing.sources.source_request import ReadProgress, SourceRequest
from agent.importing.sources.tokens import Credentials
from tests.sources.tracker_server import NOW

__all__ = ["NOW", "TOKEN", "Reader", "StandingClock", "after", "by_id"]
TOKEN = "canary-51cd0e"


@dataclass
class StandingClock(Clock):
    """Clock that moves only when somebody waits."""

    moment: float = NOW
    pauses: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Return the moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.pauses.append(seconds)
        self.moment += seconds


@dataclass
class Reader:
    """One read of a source."""

    clock: StandingClock = field(default_factory=StandingClock)
    steps: list[str] = field(default_factory=list)
    email: str | None = None
    token: str | None = TOKEN

    def read(self, request: SourceRequest, last: LastRead | None = None) -> SourceRows:
        """Read the source with the token of the tests."""
        secret = SecretStr(self.token) if self.token else None
        credentials = Credentials(secret, self.email)
        return fetch(request, last, self.note, credentials, clock=self.clock)

    def note(self, step: ReadProgress) -> None:
        """Keep a step."""
        self.steps.append(str(step))


def by_id(rows: SourceRows) -> dict[str, SourceRow]:
    """Return the rows by the id of their task; each id may come once."""
    rows_by_id: dict[str, SourceRow] = {}
    for row in rows.rows:
        (key,) = row.values["id"]
        assert key not in rows_by_id
        rows_by_id[key] = row
    return rows_by_id


def after(rows: SourceRows, moment: datetime | None = None) -> LastRead:
    """Return a read as the last one, at its own moment or another."""
    assert rows.read_at is not None
    return LastRead(moment or rows.read_at, rows.setup)
