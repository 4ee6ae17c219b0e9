"""`dsm demo`: start a stack, import real history, and decide the next sprints."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.stack import DEFAULT_BASE_PORT, BasePort

EXAMPLE = files("agent.cli") / "example_data" / "two-scrum-projects.csv"
MAPPING = "id=id,project=project,created=created_date,finished=finished_date"
PREFIX = "P"

AsOf = Annotated[str, typer.Option(help="The day to decide on, YYYY-MM-DD.")]
Folder = Annotated[Path, typer.Option("--data-dir", help="Each day gets a folder of its own here.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the services running.")]


def demo(
    as_of: AsOf = "2016-06-06",
    base_port: BasePort = DEFAULT_BASE_PORT,
    data_dir: Folder = Path(".dsm/demo"),
    keep: Keep = False,
) -> None:
    """Start everything, import two real projects as of a day, and decide their next sprints."""
    from agent.cli import importing, orchestrate, stack
    from agent.cli.failures import one_line
    from agent.importing.cutoff import parse_as_of

    with one_line():
        day = parse_as_of(as_of)
    # A project lives at one day, so every day needs a stack of its own.
    folder = data_dir / day.isoformat()
    stack.up(folder, base_port, detach=True)
    try:
        # In a wheel that is not unpacked, the example is no file of its own.
        with as_file(EXAMPLE) as example:
            importing.import_csv(
                [example], mapping=[MAPPING], prefix=PREFIX, as_of=as_of, data_dir=folder
            )
        for project in imported_projects(folder):
            orchestrate.orchestrate(project, data_dir=folder)
    # Also after a failure or Ctrl-C: no server may outlive the demo unless asked for.
    finally:
        print(f"state is kept in {folder}: delete it to start over, or decide on another --as-of")
        if keep:
            print(f"still running; stop it with: dsm down --data-dir {folder}")
        else:
            stack.down(folder)


def imported_projects(folder: Path) -> list[str]:
    """List the ids of the projects that were imported into a data folder."""
    return sorted(path.stem for path in (folder / "imports").glob("*.json"))
