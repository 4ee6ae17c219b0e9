"""Pass on what a person's rules print, as far as somebody may want to read it."""

import sys
import threading
from types import TracebackType
from typing import IO

MOST_LETTERS = 10_000
_AT_ONCE = 4096


class Printed:
    """Reader of a process's standard error, in a thread, until the process ends."""

    def __init__(self, pipe: IO[str]) -> None:
        self._pipe = pipe
        self._letters = 0
        self._end = ""
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> "Printed":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the end of the process, and say how much was left out."""
        self._thread.join()
        left_out = self._letters - MOST_LETTERS
        if left_out > 0:
            print(f"\n{left_out} more letters that the rules printed are left out", file=sys.stderr)

    def last_line(self) -> str:
        """Return the last line that was printed; waits for the end of the process."""
        self._thread.join()
        return (self._end.strip().splitlines() or [""])[-1][-300:]

    def _read(self) -> None:
        while text := self._pipe.read(_AT_ONCE):
            room = MOST_LETTERS - self._letters
            if room > 0:
                sys.stderr.write(text[:room])
            self._letters += len(text)
            self._end = (self._end + text)[-_AT_ONCE:]
