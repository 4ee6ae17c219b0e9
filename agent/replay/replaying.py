"""Replay stored inputs in a closed process, and compare each decision with the run's own."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from pydantic import TypeAdapter

from agent.replay.printed import Printed
from agent.replay.worker import Answer, Ready, Setup
from domain_services.kernel.errors import Invalid
from graphs.changes import Changes
from graphs.inputs import Deeds, from_document
from graphs.replay import Change, compare

LOADING_SECONDS = 60.0  # of all imports and the rules; 2 are usual
SECONDS = 30.0  # of one decision; 0.01 is usual
_DEEDS = TypeAdapter(Deeds)
# A rule must see no key and no proxy; a set of strings has the same order in each process. Threads
# of a library's own would be refused.
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "PYTHONIOENCODING": "utf-8",
    "PYTHONUNBUFFERED": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_PASSED_ON = ("PATH", "HOME", "PYTHONPATH")


class NotReplayable(Exception):
    """Inputs of one run that cannot be decided again, with the reason in words."""


@dataclass(frozen=True)
class Compared:
    """A decision of a run beside the one that was made again from its inputs."""

    change: Change
    """`same`, `changed`, or `nothing` when only the run planned a call."""
    before: Deeds
    """What the run decided."""
    after: Deeds
    """What was decided again."""
    reasoning: str
    """Reasons of the second decision."""


@dataclass
class Replayer:
    """Closed process that decides again from one document of inputs after the other."""

    process: subprocess.Popen[str]
    """The process."""
    printed: Printed
    """What the rules printed."""
    rules: Sequence[str] = ()
    """Names of the person's rules; empty without any."""
    refused: Sequence[str] = ()
    """What the rules tried to reach, and were refused; empty when nothing."""
    seconds: float = SECONDS
    """Time that one decision may take."""
    _late: bool = field(default=False, init=False)

    def __call__(self, document: Mapping[str, Any]) -> Compared:
        """Decide again.

        Raises: `Invalid` for faulty rules, `NotReplayable` for inputs that cannot be decided again.
        """
        answer: Answer = self.ask(document, self.seconds, "for one decision")
        if "error" in answer:
            raise Invalid(answer["error"])
        if "left_out" in answer:
            raise NotReplayable(answer["left_out"])
        self.refused = answer["refused"]
        before, after = from_document(document).decided, _DEEDS.validate_python(answer["deeds"])
        return Compared(compare(before, after), before, after, answer["reasoning"])

    def ask(self, document: object, seconds: float, purpose: str) -> Any:
        """Send a document and wait for the answer to it.

        Raises: `Invalid` when none comes in time; it names the purpose.
        """
        stdin, stdout = _pipes(self.process)
        timer = threading.Timer(seconds, self._end)
        timer.start()
        try:
            stdin.write(json.dumps(document) + "\n")
            stdin.flush()
            line = stdout.readline()
        except OSError:  # the process has ended
            line = ""
        finally:
            timer.cancel()
        try:
            return json.loads(line)
        except ValueError as error:
            late = f"the rules took longer than {seconds:g} seconds {purpose}"
            raise Invalid(late if self._late else self._why_ended(line)) from error

    def _end(self) -> None:
        self._late = True
        self.process.kill()

    def _why_ended(self, line: str) -> str:
        if line:
            return "the process of the replay answered something else than a decision"
        code = self.process.wait()
        how = f"with code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
        last = self.printed.last_line()
        words = f"; its last words: {last}" if last else ""
        return f"the process of the replay ended {how} before it had decided{words}"


@contextmanager
def replaying(
    numbers: Mapping[str, float] | None = None,
    changes: Changes | None = None,
    rules: str | None = None,
    seconds: float = SECONDS,
    loading_seconds: float = LOADING_SECONDS,
) -> Iterator[Replayer]:
    """Open a closed process that decides again with other numbers or rules.

    `seconds` may one decision take, `loading_seconds` the start with the rules. Raises: `Invalid`
    for rules that cannot be loaded.
    """
    setup = Setup(
        numbers=dict(numbers or {}),
        changes=(changes or Changes()).model_dump(mode="json", exclude_none=True),
        rules=rules,
    )
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "agent.replay.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment | _ENVIRONMENT,
        start_new_session=True,  # Ctrl-C is for the command, which ends the process
    )
    assert process.stderr is not None
    with process, Printed(process.stderr) as printed:
        replayer = Replayer(process, printed, seconds=seconds)
        try:
            ready: Ready = replayer.ask(setup, loading_seconds, "to be loaded")
            if "error" in ready:
                raise Invalid(ready["error"])
            replayer.rules, replayer.refused = ready["rules"], ready.get("refused", [])
            yield replayer
        finally:
            process.kill()


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None and process.stdout is not None
    return process.stdin, process.stdout
