"""`dsm up`, `dsm down`: the embedded stack from the command line."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.target import DEFAULT_DATA_DIR

if TYPE_CHECKING:
    from rich.status import Status

    from deploy.local.folder import StackState

DataDir = Annotated[
    Path, typer.Option("--data-dir", envvar="DSM_DATA_DIR", help="Folder of all state.")
]
BasePort = Annotated[
    int, typer.Option("--base-port", min=1, max=65_500, help="Port of the first service.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
CatalogueName = Annotated[
    str, typer.Option("--catalogue", hidden=True, help="module:attribute of the services.")
]

DEFAULT_BASE_PORT = 8100
DEFAULT_CATALOGUE = "deploy.catalogue:SERVICES"


def up(
    data_dir: DataDir = DEFAULT_DATA_DIR,
    base_port: BasePort = DEFAULT_BASE_PORT,
    detach: Annotated[bool, typer.Option("--detach", help="Return once it is ready.")] = False,
    processes: Annotated[
        bool, typer.Option("--processes", help="Run each service as a process of its own.")
    ] = False,
    as_json: AsJson = False,
    catalogue: CatalogueName = DEFAULT_CATALOGUE,
) -> None:
    """Start PostgreSQL, Valkey and every service, and serve until Ctrl-C."""
    from deploy.local import extra

    with failures():
        extra.require_servers()
        from deploy.local import control

        if hint := extra.model_hint():
            print(hint, file=sys.stderr)
        state = control.running(data_dir, base_port)
        if state is not None:
            other = ", in one loop" if processes and not state.processes else ""
            _show_stack(data_dir, state, as_json, f"already running{other}")
        elif detach:
            with _progress("starting"):
                state = control.start_detached(data_dir, base_port, catalogue, processes)
            _show_stack(data_dir, state, as_json, "ready")
        else:
            _serve(data_dir, base_port, as_json, catalogue, processes)


def down(data_dir: DataDir = DEFAULT_DATA_DIR, as_json: AsJson = False) -> None:
    """Stop everything that runs on a data folder, also what a killed stack left behind."""
    from deploy.local import extra

    with failures():
        extra.require_servers()
        from deploy.local import control

        with _progress("stopping"):
            stopped = control.stop(data_dir)
        if as_json:
            print_json({"stopped": stopped})
        else:
            print("stopped" if stopped else "nothing was running")


def _serve(data_dir: Path, base_port: int, as_json: bool, catalogue: str, processes: bool) -> None:
    from deploy.catalogue import resolve
    from deploy.local.foreground import run
    from deploy.local.stack import Stack, silent

    with _progress("starting") as spinner:
        report = spinner.update if spinner else silent
        stack = Stack(
            data_dir,
            base_port,
            resolve(catalogue),
            processes=catalogue if processes else None,
            report=report,
        )

        def ready() -> None:
            if spinner:
                spinner.stop()
            state = stack.folder.state()
            if state is not None:
                _show_stack(data_dir, state, as_json, "ready, Ctrl-C stops it")

        run(stack, ready)


def _show_stack(data_dir: Path, state: "StackState", as_json: bool, title: str) -> None:
    from deploy.local import extra

    # The file, not the key: output is copied into logs and chats.
    key_file = data_dir.resolve() / "admin.key"
    if as_json:
        status_word = title.partition(",")[0]
        print_json(asdict(state) | {"status": status_word, "key_file": str(key_file)})
        return
    states = dict.fromkeys(state.urls, "ready")
    # The stack does not wait for a service that cannot become ready.
    if "embedding" in states and extra.model_hint():
        states["embedding"] = "no model"
    show_services(state.urls, states, title)
    print(f"admin key: {key_file}")


def show_services(urls: Mapping[str, str], answers: Mapping[str, str], title: str) -> None:
    """Print a table of services, with the state of each."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("service", "url", "state", title=title, title_justify="left", box=None)
    for name, url in urls.items():
        style = "green" if answers[name] == "ready" else "red"
        table.add_row(name, url, Text(answers[name], style))
    Console().print(table)


def print_json(content: Mapping[str, object]) -> None:
    """Print one JSON object."""
    # Flushed: `dsm up` serves on after this, and a program reads the line meanwhile.
    print(json.dumps(content, indent=2), flush=True)


# Not `failures.one_line`: it needs pydantic, which nearly doubles the time of `dsm status`.
@contextmanager
def failures() -> Iterator[None]:
    """Turn a `StackError` into one line on stderr and exit code 1."""
    from deploy.errors import StackError

    try:
        yield
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


@contextmanager
def _progress(title: str) -> Iterator["Status | None"]:
    """Show a spinner on a terminal; yield None elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with console.status(title) as spinner:
        yield spinner
