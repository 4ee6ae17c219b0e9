"""Refused requests: counted each, logged rarely."""

import time

import structlog
from prometheus_client import Counter

logger = structlog.get_logger()

# A hostile peer may not fill the log: one line, however many it caused.
LOG_SECONDS = 10.0


class Refusals:
    """Count of the requests and connections that no route has seen, by reason."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._next_line = 0.0
        self._unlogged = 0

    def count(self, reason: str, peer: str | None = None) -> None:
        """Count a refusal; `peer` is the address or the key's name, for the log."""
        self._counter.labels(reason).inc()
        now = time.monotonic()
        if now < self._next_line:
            self._unlogged += 1
            return
        logger.warning("http.refused", reason=reason, peer=peer, more_before=self._unlogged)
        self._next_line = now + LOG_SECONDS
        self._unlogged = 0
