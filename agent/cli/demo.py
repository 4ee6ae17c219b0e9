"""`dsm demo`: start a stack, import real history, and decide the next sprints."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.stack import DEFAULT_BASE_PORT, BasePort
from agent.cli.target import Target

CHECKOUT = Path(__file__).resolve().parents[2]  # or where an installation has its packages
EXAMPLE = files("agent.cli") / "example_data" / "two-scrum-projects.csv"
MAPPING = "id=id,project=project,created=created_date,finished=finished_date"
PREFIX = "P"

# Found by `python -m benchmarks.demo_day`, which looks at no outcome.
DEFAULT_DAY = "2016-09-26"
CHOICE = (
    f"{DEFAULT_DAY} was chosen as the day of this demo: both projects get three tasks or more, and"
    " evidence passes the gate and changes the plan of one. What happened after it was not looked"
    " at. Other days plan fewer tasks or change nothing, as 2017-03-13: try --as-of."
)

AsOf = Annotated[str, typer.Option(help="The day to decide on, YYYY-MM-DD.")]
Folder = Annotated[Path, typer.Option("--data-dir", help="Each day gets a folder of its own here.")]
Keep = Annotated[bool, typer.Option("--keep", help="Leave the services running.")]


def demo(
    as_of: AsOf = DEFAULT_DAY,
    base_port: BasePort = DEFAULT_BASE_PORT,
    data_dir: Folder = Path(".dsm/demo"),
    keep: Keep = False,
) -> None:
    """Show it all at once: start, import two real projects as of a day, decide their sprints."""
    from agent.cli import importing, orchestrate, stack
    from agent.cli.failures import one_line
    from agent.importing.history.cutoff import parse_as_of

    with one_line():
        day = parse_as_of(as_of)
    # A project lives at one day, so every day needs a stack of its own.
    folder = data_dir / day.isoformat()
    stack.up(folder, base_port, detach=True)
    try:
        # In a wheel that is not unpacked, the example is no file of its own.
        with as_file(EXAMPLE) as example:
            importing.import_csv(
                [example],
                mapping=[MAPPING],
                prefix=PREFIX,
                as_of=as_of,
                autonomy="act",
                target=Target(folder),
            )
        for project in imported_projects(folder):
            orchestrate.orchestrate(project, target=Target(folder))
        show_end(folder, base_port, keep=keep, chosen=as_of == DEFAULT_DAY)
    # Also after a failure or Ctrl-C: no server may outlive the demo unless asked for.
    finally:
        if not keep:
            stack.down(folder)


def imported_projects(folder: Path) -> list[str]:
    """List the ids of the projects that were imported into a data folder."""
    return sorted(path.stem for path in (folder / "imports").glob("*.json"))


def show_end(folder: Path, base_port: int, *, keep: bool, chosen: bool) -> None:
    """Print why the day was chosen, and what to try next."""
    from rich.rule import Rule
    from rich.text import Text

    from agent.cli.layout import page_console

    console = page_console()
    console.print(Rule("Next", style="bold"))
    if chosen:
        console.print(Text(CHOICE))
    # Printed as it is: a wrapped command could not be copied.
    print(f"  export DSM_DATA_DIR={folder}")
    if not keep:
        port = "" if base_port == DEFAULT_BASE_PORT else f" --base-port {base_port}"
        print(f"  {f'dsm up --detach{port}':<36} # start this state again")
    print("  dsm orchestrate P1 --why --evidence  # the decision in detail")
    print("  dsm clock P1 --to next-sprint        # hold the scrums, close, go on to the next one")
    if keep and (CHECKOUT / "notebooks").is_dir():
        print("  make notebooks                       # the decision opened, in four notebooks")
    print("  examples/a_year_of_sprints.sh        # 26 sprints of both projects")
    print("  dsm down                             # stop; delete the folder to start over")
