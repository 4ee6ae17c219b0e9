"""Last read of a source, after which the next one reads only what has changed."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from agent.importing.notices import Notice

# Raised when a release reads more of a tracker than the one before: all is read again then.
READING = 1
# Searches of trackers lag behind their issues by seconds, seldom by minutes.
OVERLAP = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class LastRead:
    """Last read of a source."""

    moment: datetime
    """Moment before its first request, with zone."""
    setup: str
    """Hash of what decided how the issues were read (see `setup_of`)."""

    @property
    def since(self) -> datetime:
        """Moment from which changes are asked for; some are seen twice."""
        return self.moment.astimezone(UTC) - OVERLAP

    @property
    def since_text(self) -> str:
        """The moment `since`, as GitHub and GitLab take it."""
        return self.since.strftime("%Y-%m-%dT%H:%M:%SZ")

    def is_before(self, now: datetime) -> bool:
        """Tell whether the read lies in the past, as it must."""
        return self.moment <= now


def setup_of(*parts: object) -> str:
    """Hash JSON values that decide how issues are read, such as the statuses of a board."""
    text = json.dumps([READING, *parts], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def whole_notice(reason: str) -> Notice:
    """Say why everything is read again."""
    return Notice(f"Everything was read again: {reason}.")


@dataclass
class TrackerTime:
    """Time of a tracker, by the `Date` of its answers and the clock of this machine."""

    first: float | None = None
    """Seconds since the epoch before the first request; None before it."""
    ahead: float = 0.0
    """Seconds by which the tracker's clock is ahead of this machine's, 0 when it is behind."""

    def note(self, sent: float, received: float, date_header: str) -> None:
        """Take in an answer, with the moments of this machine."""
        try:
            theirs = parsedate_to_datetime(date_header).timestamp()
        except (ValueError, TypeError, OverflowError):
            theirs = None
        if theirs is not None:
            # `Date` has whole seconds.
            self.ahead = max(self.ahead, theirs + 1 - sent)
        if self.first is None:
            # Of two clocks the earlier one: what is read twice is no loss.
            before = sent if theirs is None else theirs - (received - sent) - 1
            self.first = min(sent, before)

    def first_moment(self, now: float) -> datetime:
        """Return the moment before the first request, in UTC; `now` without any request."""
        return datetime.fromtimestamp(max(0.0, now if self.first is None else self.first), UTC)

    def minutes_since(self, moment: datetime, now: float) -> int:
        """Return the minutes from a moment to the later one of both clocks, rounded up."""
        return max(1, int((now + self.ahead - moment.timestamp()) // 60) + 1)
