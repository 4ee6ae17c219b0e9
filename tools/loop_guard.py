"""Guard against loops: the same call again and again in one conversation."""

import hashlib
import json
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any

from tools.answers import Answer
from tools.refusals import refusal

MOST_REPEATS = 5
WINDOW_SECONDS = 600.0
# Oldest ones are forgotten first.
MOST_THREADS = 1_000
MOST_CALLS = 100  # remembered in a thread


class LoopGuard:
    """Counts equal calls in each thread; one for a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._threads: OrderedDict[str, deque[tuple[float, bytes]]] = OrderedDict()

    def check(self, thread: str, tool: str, arguments: Mapping[str, Any]) -> Answer | None:
        """Note a call; the answer is words when it was made too often, else None.

        Too often is more than `MOST_REPEATS` times in `WINDOW_SECONDS`.
        """
        now, call = self._clock(), _digest(tool, arguments)
        calls = self._threads.setdefault(thread, deque(maxlen=MOST_CALLS))
        self._threads.move_to_end(thread)
        while len(self._threads) > MOST_THREADS:
            self._threads.popitem(last=False)
        earlier = sum(
            1 for moment, other in calls if other == call and now - moment < WINDOW_SECONDS
        )
        if earlier >= MOST_REPEATS:
            return refusal(
                "repeated_call",
                f"{tool} was called {earlier} times with these arguments within"
                f" {WINDOW_SECONDS / 60:.0f} minutes; it was not called again",
                "use the answers that you have, call with other arguments, or answer the person",
            )
        calls.append((now, call))
        return None


def _digest(tool: str, arguments: Mapping[str, Any]) -> bytes:
    text = json.dumps([tool, arguments], sort_keys=True, default=str)
    return hashlib.blake2b(text.encode(errors="replace"), digest_size=16).digest()
