"""Command line `dsm`: all commands by name."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from agent.cli import audit, backfill, demo, events, importing, learning, orchestrate, stack

BEGIN, TEAM, OPERATE = "Begin", "Work with a team", "Operate"
# A newcomer needs the commands in this order.
ORDER = (
    *("demo", "up", "status", "down"),
    *("import", "orchestrate", "clock", "schedule", "learn"),
    *("backfill", "audit", "events"),
)


class OrderedGroup(TyperGroup):
    """Group of commands that lists them in ORDER, others after them."""

    # Typer's context and its base class come from different modules.
    def list_commands(self, ctx: Any) -> list[str]:
        """List the names of all commands in order."""
        # Not in the order of registration: typer puts groups behind all commands.
        names = super().list_commands(ctx)
        return sorted(names, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


# Completion would write to the shell's start files; a traceback is read by developers as it is.
app = typer.Typer(
    name="dsm",
    help="Digital Scrum Master: decides, explains and runs sprints, and learns from the outcome.",
    cls=OrderedGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo", rich_help_panel=BEGIN)(demo.demo)
app.command("up", rich_help_panel=BEGIN)(stack.up)
app.command("status", rich_help_panel=BEGIN)(stack.status)
app.command("down", rich_help_panel=BEGIN)(stack.down)
app.command("orchestrate", rich_help_panel=TEAM)(orchestrate.orchestrate)
app.command("learn", rich_help_panel=TEAM)(learning.learn)
app.command("backfill", rich_help_panel=OPERATE)(backfill.backfill)

import_app = typer.Typer(help="Import a team's history.", no_args_is_help=True)
app.add_typer(import_app, name="import", rich_help_panel=TEAM)
import_app.command("csv")(importing.import_csv)

audit_app = typer.Typer(help="Check recorded decisions.", no_args_is_help=True)
app.add_typer(audit_app, name="audit", rich_help_panel=OPERATE)
audit_app.command("verify")(audit.verify)

events_app = typer.Typer(help="Inspect the events between services.", no_args_is_help=True)
dead_app = typer.Typer(help="Repair events that a service failed to handle.", no_args_is_help=True)
app.add_typer(events_app, name="events", rich_help_panel=OPERATE)
events_app.add_typer(dead_app, name="dead")
dead_app.command("list")(events.list_dead)
dead_app.command("replay")(events.replay)
dead_app.command("discard")(events.discard)


def main() -> None:
    """Run the console script."""
    sys.exit(app())
