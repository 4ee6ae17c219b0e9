"""Replay stored inputs in a closed process, and compare each decision with the run's own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import TypeAdapter

from agent.replay.worker import Setup
from domain_services.kernel.errors import Invalid
from graphs.inputs import Deeds, from_document
from graphs.replay import Change, compare
from graphs.what_if import Changes

_DEEDS = TypeAdapter(Deeds)
# A rule must see no key and no proxy; a set of strings has the same order in each process.
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "PYTHONIOENCODING": "utf-8"}


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


class Replayer(Protocol):
    """Function that decides again from a document of inputs. Raises: `Invalid`."""

    def __call__(self, document: Mapping[str, Any]) -> Compared: ...


@contextmanager
def replaying(
    numbers: Mapping[str, float] | None = None,
    changes: Changes | None = None,
    rules: str | None = None,
) -> Iterator[Replayer]:
    """Open a closed process that decides again with other numbers or rules."""
    setup = Setup(
        numbers=dict(numbers or {}),
        changes=(changes or Changes()).model_dump(mode="json", exclude_none=True),
        rules=rules,
    )
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "agent.replay.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment | _ENVIRONMENT,
    )
    with process:
        assert process.stdin is not None and process.stdout is not None
        stdin, stdout = process.stdin, process.stdout
        stdin.write(json.dumps(setup) + "\n")

        def decide(document: Mapping[str, Any]) -> Compared:
            stdin.write(json.dumps(document) + "\n")
            stdin.flush()
            line = stdout.readline()
            if not line:
                raise Invalid("the process of the replay has ended; its last words are above")
            return _compared(document, json.loads(line))

        try:
            yield decide
        finally:
            process.kill()


def _compared(document: Mapping[str, Any], answer: Mapping[str, Any]) -> Compared:
    if "error" in answer:
        raise Invalid(answer["error"])
    before, after = from_document(document).decided, _DEEDS.validate_python(answer["deeds"])
    return Compared(compare(before, after), before, after, answer["reasoning"])
