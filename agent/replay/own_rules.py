"""Rules of a person, from a module or a file: a whole catalogue, or rules beside the own ones."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from domain_services.kernel.errors import Invalid
from graphs.rules.base import Facts, Rule, Ruling
from graphs.rules.catalogue import RULES

ABOUT_SPRINT = frozenset({"create_sprint", "close_sprint", "blocked", "nothing"})


def load_rules(name: str) -> tuple[Rule, ...]:
    """Load the rules of a module, by its dotted name or by the path of its file.

    `RULES` in it takes the place of the catalogue. Otherwise each public function of one argument
    is a rule: one named as a rule of the catalogue takes its place, any other comes after them.
    Raises: `Invalid`.
    """
    module = _load(name)
    if (catalogue := getattr(module, "RULES", None)) is not None:
        rules = tuple(catalogue)
    else:
        own = _functions(module)
        rules = (
            *(own.pop(rule.__name__, rule) for rule in RULES),
            *own.values(),
        )
    if not rules or not all(callable(rule) for rule in rules):
        raise Invalid(f"{name} has no rule; define RULES, or functions of one argument (facts)")
    return tuple(_checked(rule) for rule in rules)


def _load(name: str) -> ModuleType:
    try:
        if name.endswith(".py"):
            return _load_file(Path(name))
        # Last, so that no file of the folder takes the place of an installed module.
        sys.path.append(str(Path.cwd()))
        return importlib.import_module(name)
    except Exception as error:
        raise Invalid(f"rules {name} cannot be loaded: {type(error).__name__}: {error}") from error


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("own_rules", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
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
        and len(inspect.signature(function).parameters) == 1
    }


def _checked(rule: Rule) -> Rule:
    """Wrap a rule so that its failure and its wrong answer name it."""

    def ruling(facts: Facts) -> Ruling | None:
        try:
            answer = rule(facts)
        except Exception as error:
            name = getattr(rule, "__name__", rule)
            raise Invalid(f"rule {name} failed: {type(error).__name__}: {error}") from error
        if answer is not None and not isinstance(answer, Ruling):  # pyright: ignore[reportUnnecessaryIsInstance] - a person wrote it
            name = getattr(rule, "__name__", rule)
            raise Invalid(f"rule {name} answered {answer!r}; answer a Ruling or None")
        return answer

    return ruling


def check_rulings(rulings: Iterable[Ruling]) -> None:
    """Refuse rulings of which more or less than one is about the sprint. Raises: `Invalid`."""
    about = [ruling for ruling in rulings if ruling.kind in ABOUT_SPRINT]
    if len(about) != 1:
        names = ", ".join(f"{ruling.rule} ({ruling.kind})" for ruling in about) or "none"
        raise Invalid(
            "exactly one rule must create, close, block or leave the sprint; these do:"
            f" {names}. Answer None from the others"
        )
