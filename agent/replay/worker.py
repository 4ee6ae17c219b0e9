"""Process of a replay: changed numbers, own rules, inputs in, decisions out, and nothing else.

One JSON document a line. The first one is a `Setup`, the others are inputs. A process of its own,
because the modules that decide take the numbers over when they are imported, and because it can be
closed for good (docs/adr/0148-replay-in-a-closed-process.md).
"""

import json
import random
import sys
from collections.abc import Callable
from typing import Any, TypedDict

from pydantic import TypeAdapter


class Setup(TypedDict):
    """Changes of a replay."""

    numbers: dict[str, float]
    """By the names of `graphs/thresholds.py`."""
    changes: dict[str, Any]
    """`Changes` as JSON."""
    rules: str | None
    """Module or file of own rules; None: those of this release."""


def main() -> None:
    """Replay what comes in by lines, until there is no more."""
    setup: Setup = json.loads(sys.stdin.readline())
    _set_numbers(setup["numbers"])
    answers, sys.stdout = sys.stdout, sys.stderr  # a rule may print
    answer = _opened(setup)
    for line in sys.stdin:
        random.seed(0)
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)


def _set_numbers(numbers: dict[str, float]) -> None:
    # Nothing that reads them is imported yet.
    assert "graphs.evidence.pace" not in sys.modules
    from graphs import thresholds

    for name, value in numbers.items():
        setattr(thresholds, name, value)


def _opened(setup: Setup) -> Callable[[object], dict[str, Any]]:
    """Import what decides, close the process, and return the function that decides again."""
    from agent.replay import closing, own_rules
    from domain_services.kernel.errors import Problem
    from graphs import replay, what_if
    from graphs.inputs import Deeds, deeds_of, from_document
    from graphs.rules.catalogue import RULES

    changes = what_if.Changes.model_validate(setup["changes"])
    deeds = TypeAdapter(Deeds)
    closing.close()
    failure, rules = None, RULES
    try:
        rules = RULES if setup["rules"] is None else own_rules.load_rules(setup["rules"])
    except Problem as problem:
        failure = problem.detail

    def answer(document: object) -> dict[str, Any]:
        if failure is not None:
            return {"error": failure}
        try:
            inputs = what_if.with_changes(from_document(document), changes)
            replayed = replay.replay(inputs, rules)
            own_rules.check_rulings(replayed.rulings)
        except Problem as problem:
            return {"error": problem.detail}
        return {
            "deeds": deeds.dump_python(deeds_of(replayed.decision), mode="json"),
            "reasoning": replayed.decision.reasoning,
        }

    return answer


if __name__ == "__main__":
    main()
