"""The command `dsm`."""

import sys

import typer

from agent.cli import audit, backfill, demo, events, importing, learning, orchestrate, stack

app = typer.Typer(
    name="dsm",
    help="Digital Scrum Master: decides, explains and runs sprints, and learns from the outcome.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
imports = typer.Typer(help="Bring a team's history.", no_args_is_help=True)

audits = typer.Typer(help="What was recorded of decisions.", no_args_is_help=True)

app.command("up")(stack.up)
app.command("down")(stack.down)
app.command("status")(stack.status)
app.command("orchestrate")(orchestrate.orchestrate)
app.command("learn")(learning.learn)
app.command("backfill")(backfill.backfill)
app.command("demo")(demo.demo)
app.add_typer(imports, name="import")
imports.command("csv")(importing.import_csv)

app.add_typer(audits, name="audit")
audits.command("verify")(audit.verify)

events_app = typer.Typer(help="What services tell each other.", no_args_is_help=True)
dead_app = typer.Typer(help="Events that could not be taken in.", no_args_is_help=True)
app.add_typer(events_app, name="events")
events_app.add_typer(dead_app, name="dead")
dead_app.command("list")(events.list_dead)
dead_app.command("replay")(events.replay)
dead_app.command("discard")(events.discard)


def main() -> None:
    """Entry point of the console script."""
    sys.exit(app())
