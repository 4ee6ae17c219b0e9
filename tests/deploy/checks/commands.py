"""Commands of containers: known to `dsm`, and whatever they name is there."""

import os
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from unittest import mock

import typer

from agent.cli.main import app
from deploy.catalogue import find
from deploy.errors import StackError
from tests.deploy.checks.environment import variables
from tests.deploy.checks.pods import Manifest, Pods, pods
from tests.deploy.checks.references import of_kind

DSM = typer.main.get_command(app)
REFERENCE = re.compile(r"\$\(([^)]*)\)")


def check(objects: list[Manifest]) -> Iterator[str]:
    """Tell which commands `dsm` would refuse, and which name a variable or file that is not."""
    for owner in pods(objects):
        for container in owner.containers:
            yield from (f"{owner}: {fault}" for fault in _references(container))
            yield from (f"{owner}: {fault}" for fault in _folders(container))
        container = owner.spec["containers"][0]
        words = [*container.get("command", []), *container.get("args", [])]
        if words[:1] == ["dsm"]:
            reason = refusal(words[1:], variables(objects, owner))
            if reason:
                yield f"{owner}: {' '.join(words)}: {reason}"
        elif words[:1] == ["sh"]:
            yield from (f"{owner}: {fault}" for fault in _script(objects, owner, words[1]))


def refusal(words: list[str], environment: dict[str, str]) -> str | None:
    """Return why `dsm` refuses a command line; None when it does not. Nothing is run."""
    command: Any = DSM
    while hasattr(command, "commands"):
        name = words[0] if words else ""
        if name not in command.commands:
            return f"there is no command {name or 'without a name'}"
        command, words = command.commands[name], words[1:]
    try:
        for word in words if command.name in ("serve", "migrate") else ():
            if not word.startswith("-"):
                find(word)
    except StackError as error:
        return str(error)
    with mock.patch.dict(os.environ, environment, clear=True):
        try:
            command.make_context("dsm", list(words))
        except typer.TyperException as error:
            return error.format_message()
    return None


def _references(container: dict[str, Any]) -> Iterator[str]:
    named = {variable["name"] for variable in container.get("env", [])}
    for word in [*container.get("command", []), *container.get("args", [])]:
        for name in REFERENCE.findall(word):
            if name not in named:
                yield f"{word} names a variable that the container has not"


def _folders(container: dict[str, Any]) -> Iterator[str]:
    folders = tuple(mount["mountPath"] for mount in container.get("volumeMounts", []))
    for variable in container.get("env", []):
        value = variable.get("value", "")
        if isinstance(value, str) and value.startswith("/") and not value.startswith(folders):
            yield f"{variable['name']}: {value} is in no volume, and the root is read-only"


def _script(objects: list[Manifest], owner: Pods, path: str) -> Iterator[str]:
    folder, name = str(PurePosixPath(path).parent), PurePosixPath(path).name
    mounted = {
        mount["name"]
        for mount in owner.spec["containers"][0].get("volumeMounts", [])
        if mount["mountPath"] == folder
    }
    files = {
        file
        for volume in owner.spec.get("volumes", [])
        if volume["name"] in mounted
        for config in of_kind(objects, "ConfigMap")
        if config["metadata"]["name"] == volume.get("configMap", {}).get("name")
        for file in config["data"]
    }
    if name not in files:
        yield f"it runs {path}, which no ConfigMap brings"
