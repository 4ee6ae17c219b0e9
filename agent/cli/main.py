"""Command line `dsm`: all commands by name."""

import sys

import typer

from agent.cli import audit, backfill, demo, events, importing, learning, orchestrate, stack

# Completion would write to the shell's start files; a traceback is read by developers as it is.
app = typer.Typer(
    name="dsm",
    help="Digital Scrum Master: decides, explains and runs sprints, and learns from the outcome.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("up")(stack.up)
app.command("down")(stack.down)
app.command("status")(stack.status)
app.command("orchestrate")(orchestrate.orchestrate)
app.command("learn")(learning.learn)
app.command("backfill")(backfill.backfill)
app.command("demo")(demo.demo)

import_app = typer.Typer(help="Import a team's history.", no_args_is_help=True)
app.add_typer(import_app, name="import")
import_app.command("csv")(importing.import_csv)

audit_app = typer.Typer(help="Check recorded decisions.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")
audit_app.command("verify")(audit.verify)

events_app = typer.Typer(help="Inspect the events between services.", no_args_is_help=True)
dead_app = typer.Typer(help="Repair events that a service failed to handle.", no_args_is_help=True)
app.add_typer(events_app, name="events")
events_app.add_typer(dead_app, name="dead")
dead_app.command("list")(events.list_dead)
dead_app.command("replay")(events.replay)
dead_app.command("discard")(events.discard)


def main() -> None:
    """Run the console script."""
    sys.exit(app())
