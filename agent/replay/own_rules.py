"""Rules of a person, from a module or a file: a whole catalogue, or rules beside the own ones."""

import contextlib
import importlib
import importlib.util
import inspect
import io
import json
import random
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from agent.replay.clocks import is_library
from domain_services.kernel.errors import Invalid
from graphs.rules.base import Facts, Rule, Ruling
from graphs.rules.catalogue import RULES

ABOUT_SPRINT = frozenset({"create_sprint", "close_sprint", "blocked", "nothing"})
MOST_RULES = 100
MOST_TASKS, MOST_WEEKS = 1000, 8  # of a sprint to create
MOST_WORDS = 300  # letters of a person's own error or answer
ARGUMENT = "facts"
_HOW = (
    f"define RULES, a list of functions, or functions of one argument with the name {ARGUMENT}"
    " (docs/guide/replay.md)"
)

_RULING = TypeAdapter(Ruling)


@dataclass(frozen=True)
class OwnRules:
    """Rules of a module, ready to decide."""

    rules: tuple[Rule, ...]
    """All rules in order, the catalogue's among them."""
    names: tuple[str, ...]
    """Names of those that the module defines."""


def load_rules(name: str) -> OwnRules:
    """Load the rules of a module, by its dotted name or by the path of its file.

    `RULES` in it takes the place of the catalogue. Otherwise each public function of one argument
    with the name `facts` or the type `Facts` is a rule: one named as a rule of the catalogue takes
    its place, any other comes after them. Raises: `Invalid`.
    """
    module = _load(name)
    catalogue = getattr(module, "RULES", None)
    own = _functions(module) if catalogue is None else _named(name, catalogue)
    if not own:
        raise Invalid(f"{name} has no rule; {_HOW}")
    checked = {rule_name: _checked(rule_name, rule) for rule_name, rule in own.items()}
    if catalogue is not None:
        return OwnRules(tuple(checked.values()), tuple(checked))
    names = tuple(checked)
    in_place = tuple(checked.pop(rule.__name__, rule) for rule in RULES)
    return OwnRules((*in_place, *checked.values()), names)


def check_rulings(rulings: Iterable[Ruling]) -> None:
    """Refuse rulings of which more or less than one is about the sprint. Raises: `Invalid`."""
    about = [ruling for ruling in rulings if ruling.kind in ABOUT_SPRINT]
    if len(about) != 1:
        names = ", ".join(f"{ruling.rule} ({ruling.kind})" for ruling in about) or "none"
        raise Invalid(
            "exactly one rule must create, close, block or leave the sprint; these do:"
            f" {names}. Answer None from the others"
        )


def _load(name: str) -> ModuleType:
    try:
        if name.endswith(".py") or Path(name).is_file():
            return _load_file(Path(name))
        if not all(part.isidentifier() for part in name.split(".")):
            raise ImportError("name a module, as team.rules, or a file of Python, as rules.py")
        # Last, so that no file of the folder takes the place of an installed module.
        sys.path.append(str(Path.cwd()))
        return importlib.import_module(name)
    except BaseException as error:
        raise Invalid(f"rules {name} cannot be loaded: {in_words(error)}") from error


def _load_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location("own_rules", path)
    if spec is None or spec.loader is None:
        raise ImportError("a file of Python ends with .py")
    sys.path.append(str(path.resolve().parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules["own_rules"] = module
    spec.loader.exec_module(module)
    return module


def _functions(module: ModuleType) -> dict[str, Rule]:
    return {
        name: function
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and _takes_facts(function)
    }


def _takes_facts(function: Callable[..., Any]) -> bool:
    parameters = [*inspect.signature(function).parameters.values()]
    if len(parameters) != 1:
        return False
    kind = parameters[0].annotation
    # A name where the module postpones its annotations.
    return parameters[0].name == ARGUMENT or kind in (Facts, "Facts", "base.Facts")


def _named(name: str, catalogue: object) -> dict[str, Rule]:
    """Return the rules of a catalogue by their names. Raises: `Invalid`."""
    if isinstance(catalogue, str) or not isinstance(catalogue, Iterable):
        raise Invalid(f"RULES of {name} is no list; {_HOW}")
    items = islice(cast("Iterable[object]", catalogue), MOST_RULES + 1)
    rules: list[Rule] = []
    for item in items:
        if not callable(item):
            raise Invalid(f"RULES of {name} holds {_short(repr(item))}, no function; {_HOW}")
        rules.append(cast("Rule", item))
    if len(rules) > MOST_RULES:
        raise Invalid(f"RULES of {name} has more than {MOST_RULES} rules; leave some out")
    names = [str(getattr(rule, "__name__", type(rule).__name__)) for rule in rules]
    twice = sorted({rule_name for rule_name in names if names.count(rule_name) > 1})
    if twice:
        raise Invalid(f"RULES of {name} has {twice[0]} more than once; name each rule differently")
    return dict(zip(names, rules, strict=True))


def _checked(name: str, rule: Rule) -> Rule:
    """Wrap a rule so that its failure and its wrong answer name it."""

    def ruling(facts: Facts) -> Ruling | None:
        answer = _asked(name, rule, facts)
        with contextlib.redirect_stdout(io.StringIO()):
            again = _asked(name, rule, facts)
        if answer != again:
            raise Invalid(
                f"rule {name} answered {_short(repr(answer))}, and {_short(repr(again))} to the"
                " same facts; a rule decides by its facts alone"
            )
        return answer

    return ruling


def _asked(name: str, rule: Rule, facts: Facts) -> Ruling | None:
    random.seed(0)
    try:
        answer = cast("object", rule(facts))
    except BaseException as error:
        raise Invalid(f"rule {name} failed: {in_words(error)}") from error
    if answer is None:
        return None
    if not isinstance(answer, Ruling):
        raise Invalid(f"rule {name} answered {_short(repr(answer))}; answer a Ruling or None")
    if fault := _fault(answer):
        raise Invalid(f"rule {name} answered {_short(repr(answer))}; {fault}")
    return answer


def _fault(ruling: Ruling) -> str | None:
    """Describe a value that no ruling has; None when each can be."""
    try:
        _RULING.validate_json(json.dumps(asdict(ruling), default=repr), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        return f"{first['loc'][0]}: {first['msg']}"
    if ruling.kind != "create_sprint":
        return None
    if not 1 <= (ruling.tasks or 0) <= MOST_TASKS:
        return f"a sprint to create has 1 to {MOST_TASKS} tasks"
    if not 1 <= (ruling.duration_weeks or 0) <= MOST_WEEKS:
        return f"a sprint to create has 1 to {MOST_WEEKS} weeks as duration_weeks"
    return None


def in_words(error: BaseException) -> str:
    """Describe an error in one line, with its last place in a person's own file."""
    words = _short(f"{type(error).__name__}: {error}".removesuffix(": "))
    place = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        if not is_library(frame.f_globals):
            place = f" ({Path(frame.f_code.co_filename).name}, line {line})"
    return words + place


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= MOST_WORDS else f"{line[:MOST_WORDS]}..."
