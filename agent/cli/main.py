"""Command line `dsm`: all commands by name."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from agent.cli import (
    audit,
    backfill,
    clock,
    demo,
    events,
    importing,
    learning,
    orchestrate,
    project,
    schedule,
    sprint,
    stack,
    walk,
)

# Panels of the help, and their commands in the order in which a newcomer needs them.
PANELS = {
    "Begin": ("demo", "up", "status", "down"),
    "Work with a team": (
        "import",
        "orchestrate",
        "clock",
        "project",
        "walk",
        "schedule",
        "sprint",
        "learn",
    ),
    "Operate": ("backfill", "audit", "events"),
}
ORDER = tuple(name for names in PANELS.values() for name in names)


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
app.command("demo")(demo.demo)
app.command("up")(stack.up)
app.command("status")(stack.status)
app.command("down")(stack.down)
app.command("orchestrate")(orchestrate.orchestrate)
app.command("walk")(walk.walk)
app.command("clock")(clock.clock)
app.command("learn")(learning.learn)
app.command("backfill")(backfill.backfill)

import_app = typer.Typer(help="Import a team's history.", no_args_is_help=True)
app.add_typer(import_app, name="import")
import_app.command("csv")(importing.import_csv)

project_app = typer.Typer(help="Show and change a project.", no_args_is_help=True)
app.add_typer(project_app, name="project")
project_app.command("show")(project.show)
project_app.command("edit")(project.edit)
project_app.command("remove-member")(project.remove_member)

sprint_app = typer.Typer(help="Act on one sprint.", no_args_is_help=True)
app.add_typer(sprint_app, name="sprint")
sprint_app.command("cancel")(sprint.cancel)

schedule_app = typer.Typer(help="Let projects run by themselves.", no_args_is_help=True)
app.add_typer(schedule_app, name="schedule")
schedule_app.command("add")(schedule.add)
schedule_app.command("list")(schedule.list_schedules)
schedule_app.command("pause")(schedule.pause)
schedule_app.command("resume")(schedule.resume)
schedule_app.command("change")(schedule.change)
schedule_app.command("delete")(schedule.delete)

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

for registered in (*app.registered_commands, *app.registered_groups):
    panels = (panel for panel, names in PANELS.items() if registered.name in names)
    registered.rich_help_panel = next(panels, "Operate")


def main() -> None:
    """Run the console script."""
    sys.exit(app())
