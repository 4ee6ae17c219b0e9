"""Commands in the documents exist: make targets, `dsm` subcommands and their options."""

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer.main

from agent.cli.main import app
from tests.house.pages import tracked

MAKE = re.compile(r"(?:^|`|; |&& )make ([a-z-]+)", re.MULTILINE)
DSM = re.compile(r"(?:^|`|; |&& |^DSM_\w+=\S+ |\.venv/bin/)(dsm [^#`;\n|]+)", re.MULTILINE)


def _commands(command: Any, prefix: str = "dsm") -> dict[str, set[str]]:
    """List every command line of the console script with its options."""
    commands = {
        prefix: {
            option
            for parameter in command.params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
    }
    for name, subcommand in getattr(command, "commands", {}).items():
        commands |= _commands(subcommand, f"{prefix} {name}")
    return commands


def _joined(text: str) -> str:
    """Join command lines that a backslash continues."""
    return re.sub(r"\\\n\s*", "", text)


def test_every_make_target_named_in_a_page_exists(repository: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (repository / "Makefile").read_text(), re.MULTILINE))
    named = {
        (str(page.relative_to(repository)), target)
        for page in tracked(repository, "*.md")
        for target in MAKE.findall(page.read_text())
    }
    assert ("README.md", "demo") in named
    assert [name for name in sorted(named) if name[1] not in targets] == []


def test_every_dsm_command_named_in_a_page_exists_with_its_options(repository: Path) -> None:
    known = _commands(typer.main.get_command(app))
    wrong: list[str] = []
    lines = 0
    for page in tracked(repository, "*.md"):
        for line in DSM.findall(_joined(page.read_text())):
            lines += 1
            words = line.split()
            command = words[0]
            for word in words[1:]:
                if f"{command} {word}" not in known:
                    break
                command = f"{command} {word}"
            options = {word.partition("=")[0] for word in words if word.startswith("--")}
            if command == "dsm" or not options <= known[command] | {"--help"}:
                wrong.append(f"{page.relative_to(repository)}: {line}")
    assert lines > 20
    assert wrong == []


def test_every_module_command_named_in_a_page_exists(repository: Path) -> None:
    for page in tracked(repository, "*.md"):
        for module in re.findall(r"python -m ([\w.]+)", page.read_text()):
            assert find_spec(module) is not None, (page.name, module)
