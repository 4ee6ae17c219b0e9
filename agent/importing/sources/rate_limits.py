"""Rate limits of trackers, as their answers tell them."""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from agent.importing.sources.limits import SECONDARY_PAUSE_SECONDS

_SECONDS = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,6})?")
_REMAINING = ("x-ratelimit-remaining", "ratelimit-remaining")
_RESETS = ("x-ratelimit-reset", "ratelimit-reset")


class Clock:
    """Time of a read; a test stands still with another one."""

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def limit_pause(status: int, headers: Mapping[str, str], body: bytes, now: float) -> float | None:
    """Return the seconds until a limit lets the next request through.

    `headers` has names in lower case, or any. None: the answer is about no limit, or names no time.
    """
    if status not in (403, 429, 503):
        return None
    if (pause := _retry_after(headers.get("retry-after", ""), now)) is not None:
        return pause
    if status == 503:
        return None
    if any(headers.get(name, "").strip() == "0" for name in _REMAINING):
        for name in _RESETS:
            if (moment := _reset(headers.get(name, ""))) is not None:
                return max(0.0, moment - now)
    if is_secondary_limit(body):
        return SECONDARY_PAUSE_SECONDS
    return None


def is_secondary_limit(body: bytes) -> bool:
    """Return True for GitHub's refusal of too many requests at once."""
    return b"secondary rate limit" in body[:2000] or b"abuse detection" in body[:2000]


def _retry_after(text: str, now: float) -> float | None:
    if _SECONDS.fullmatch(text.strip()):
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _reset(text: str) -> float | None:
    """Read seconds since the epoch (GitHub, GitLab) or an ISO moment (Jira)."""
    if _SECONDS.fullmatch(text := text.strip()):
        return float(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
