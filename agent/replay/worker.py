"""Process of a replay: changed numbers, own rules, inputs in, decisions out, and nothing else.

One JSON document a line. The first one is a `Setup`, the others are inputs; a `Ready` answers the
first, an `Answer` each of the others. A process of its own, because the modules that decide take
the numbers over when they are imported, and because it can be closed for good
(docs/adr/0148-replay-in-a-closed-process.md).
"""

import contextlib
import json
import os
import sys
from collections.abc import Callable
from typing import IO, Any, TypedDict

from pydantic import TypeAdapter

MOST_BYTES = 2 * 1024**3  # of memory
MOST_CPU_SECONDS = 3600  # also for a rule that loops after the command was killed


class Setup(TypedDict):
    """Changes of a replay."""

    numbers: dict[str, float]
    """By the names of `graphs/thresholds.py`."""
    changes: dict[str, Any]
    """`Changes` as JSON."""
    rules: str | None
    """Module or file of own rules; None: those of this release."""


class Ready(TypedDict, total=False):
    """Answer to a setup."""

    rules: list[str]
    """Names of the person's rules; empty without any."""
    refused: list[str]
    """Events that were refused while the rules were loaded."""
    error: str
    """Fault of the rules, in words; there is no other field then."""


class Answer(TypedDict, total=False):
    """Answer to inputs."""

    deeds: dict[str, Any]
    """`Deeds` of the second decision as JSON."""
    reasoning: str
    """Its reasons."""
    refused: list[str]
    """Events that were refused so far."""
    left_out: str
    """Reason why these inputs cannot be decided again; there is no other field then."""
    error: str
    """Fault of the rules, in words; there is no other field then."""


def main() -> None:
    """Replay what comes in by lines, until there is no more."""
    documents, answers = _take_pipes()
    setup: Setup = json.loads(documents.readline())
    _set_numbers(setup["numbers"])
    ready, answer = _opened(setup)
    print(json.dumps(ready), file=answers, flush=True)
    for line in documents:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


def _take_pipes() -> tuple[IO[str], IO[str]]:
    """Keep the pipes for documents and answers: a rule may read and print."""
    documents = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return documents, answers


def _set_numbers(numbers: dict[str, float]) -> None:
    # Nothing that reads them is imported yet.
    assert "graphs.evidence.pace" not in sys.modules
    from graphs import thresholds

    for name, value in numbers.items():
        setattr(thresholds, name, value)


def _opened(setup: Setup) -> tuple[Ready, Callable[[object], Answer]]:
    """Import what decides, close the process, and return the function that decides again."""
    from agent.replay import closing, own_rules
    from domain_services.kernel.errors import Problem
    from graphs import replay, what_if
    from graphs.inputs import Deeds, deeds_of, from_document
    from graphs.rules.catalogue import RULES

    changes = what_if.Changes.model_validate(setup["changes"])
    deeds = TypeAdapter(Deeds)
    _limit()
    refused = closing.close()
    ready, rules = Ready(rules=[]), RULES
    if setup["rules"] is not None:
        try:
            own = own_rules.load_rules(setup["rules"])
        except Problem as problem:
            ready = Ready(error=problem.detail)
        else:
            ready, rules = Ready(rules=[*own.names], refused=[*refused]), own.rules

    def answer(document: object) -> Answer:
        try:
            inputs = what_if.with_changes(from_document(document), changes)
        except Problem as problem:
            return {"left_out": problem.detail}
        try:
            replayed = replay.replay(inputs, rules)
            own_rules.check_rulings(replayed.rulings)
        except Problem as problem:
            return {"error": problem.detail}
        except Exception as error:
            words = own_rules.in_words(error)
            return {"error": f"no decision comes of these numbers and rules: {words}"}
        return {
            "deeds": deeds.dump_python(deeds_of(replayed.decision), mode="json"),
            "reasoning": replayed.decision.reasoning,
            "refused": [*refused],
        }

    return ready, answer


def _limit() -> None:
    """Bound memory and computing, and forbid files to grow, whatever writes them."""
    import resource

    for kind, limit in (
        (resource.RLIMIT_AS, MOST_BYTES),
        (resource.RLIMIT_CPU, MOST_CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),  # also of threads; root has no limit
    ):
        # Not every system has every limit.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    main()
