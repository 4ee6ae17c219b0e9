"""`dsm config show`: each setting, its value, and where it comes from."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.stack import DEFAULT_DATA_DIR, AsJson, DataDir

if TYPE_CHECKING:
    from agent.cli.configuration import Refused, Setting, Unknown

Service = Annotated[
    str | None, typer.Argument(metavar="[SERVICE]", help="Only this service, e.g. daily-scrum.")
]
Changed = Annotated[bool, typer.Option("--changed", help="Leave out the defaults.")]


def show(
    service: Service = None,
    changed: Changed = False,
    data_dir: DataDir = DEFAULT_DATA_DIR,
    as_json: AsJson = False,
) -> None:
    """Show what services read here and from where; exit code 1 for a value that is refused."""
    from agent.cli.configuration import (
        DEFAULT,
        read_settings,
        service_links,
        unknown_variables,
    )
    from agent.cli.failures import one_line
    from deploy.catalogue import SERVICES, find

    with one_line():
        specs = [find(service, SERVICES)] if service else list(SERVICES)
    urls = stack_urls(data_dir)
    rows: list[Setting] = []
    refused: list[Refused] = []
    for spec in specs:
        read, wrong = read_settings(spec, os.environ, urls)
        rows += [row for row in read if not changed or row.source != DEFAULT]
        refused += wrong
    unknown, links = unknown_variables(os.environ), service_links(os.environ)
    if as_json:
        content = {
            "settings": [asdict(row) for row in rows],
            "refused": [asdict(row) for row in refused],
            "unknown": [asdict(row) for row in unknown],
            "service_links": links,
        }
        print(json.dumps(content, indent=2))
    else:
        _show(rows, len(specs))
        for line in trouble(refused, unknown, links):
            print(line, file=sys.stderr)
    raise typer.Exit(1 if refused else 0)


def stack_urls(data_dir: Path) -> dict[str, str]:
    """Return the URLs of the stack that runs on a folder; empty without one."""
    if not data_dir.exists():
        return {}
    from deploy.local.folder import DataFolder

    folder = DataFolder(data_dir)
    state = folder.state() if folder.holder() is not None else None
    return state.urls if state else {}


def trouble(
    refused: "Sequence[Refused]", unknown: "Sequence[Unknown]", links: "Sequence[str]"
) -> list[str]:
    """Describe the values that are refused and the variables that nothing reads."""
    from agent.cli.configuration import LINKS_ADVICE

    # One line for a value that several services refuse.
    services: dict[tuple[str, str], list[str]] = {}
    for row in refused:
        services.setdefault((row.name, row.reason), []).append(row.service)
    lines = [
        f"error: {', '.join(names)} {'refuses' if len(names) == 1 else 'refuse'} {name}: {reason}"
        for (name, reason), names in services.items()
    ]
    if links:
        lines.append(f"warning: {', '.join(links)}: {LINKS_ADVICE}")
    for variable in unknown:
        nearest = f"; did you mean {variable.nearest}?" if variable.nearest else ""
        lines.append(f"warning: nothing reads {variable.name}{nearest}")
    return lines


def _show(rows: "Sequence[Setting]", services: int) -> None:
    from rich.console import Console

    from agent.cli.layout import plain_text

    # One line for a setting that is the same for several services.
    users: dict[tuple[str, str, str], list[str]] = {}
    for row in rows:
        users.setdefault((row.name, row.value, row.source), []).append(row.service)
    console = Console(highlight=False, soft_wrap=True)
    for (name, value, source), names in sorted(users.items()):
        who = "" if services == 1 else "all" if len(names) == services else ", ".join(names)
        origin = "environment" if source == name else source
        console.print(plain_text(f"{name:<34} {value}  [{origin}]{f'  {who}' if who else ''}"))
