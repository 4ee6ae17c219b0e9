"""Command line `dsm`: all commands by name."""

import sys
from typing import Any

import typer
from typer.core import TyperGroup

from agent.cli import (
    approve,
    audit,
    autonomy,
    backfill,
    backlog,
    chat,
    clock,
    config,
    demo,
    doctor,
    events,
    forecast,
    import_sources,
    importing,
    jobs,
    keys,
    learning,
    manifests,
    mcp,
    memory,
    migrate,
    mode,
    orchestrate,
    pause,
    project,
    replay,
    run,
    runs,
    schedule,
    serve,
    sprint,
    sprint_view,
    stack,
    status,
    sync,
    undo,
    walk,
)
from agent.cli.target import on_folder, on_target

# Panels of the help, and their commands in the order in which a newcomer needs them.
PANELS = {
    "Begin": ("demo", "up", "status", "down"),
    "Work with a team": (
        "import",
        "sync",
        "orchestrate",
        "chat",
        "run",
        "runs",
        "approve",
        "edit",
        "reject",
        "replay",
        "undo",
        "forecast",
        "mode",
        "autonomy",
        "pause",
        "clock",
        "project",
        "backlog",
        "walk",
        "schedule",
        "sprint",
        "learn",
        "memory",
        "mcp",
    ),
    "Operate": (
        "serve",
        "migrate",
        "doctor",
        "keys",
        "config",
        "backfill",
        "audit",
        "events",
        "manifests",
    ),
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
app.command("demo")(on_folder(demo.demo))
app.command("up")(on_folder(stack.up))
app.command("status")(on_target(status.status))
app.command("down")(on_folder(stack.down))
app.command("orchestrate")(on_target(orchestrate.orchestrate))
app.command("chat")(on_target(chat.chat))
app.command("run")(on_target(run.run))
app.command("runs")(on_target(runs.runs))
app.command("approve")(on_target(approve.approve))
app.command("edit")(on_target(approve.edit))
app.command("reject")(on_target(approve.reject))
app.command("replay")(on_target(replay.replay))
app.command("undo")(on_target(undo.undo))
app.command("forecast")(on_target(forecast.forecast))
app.command("mode")(on_target(mode.mode))
app.command("autonomy")(on_target(autonomy.autonomy))
app.command("pause")(on_target(pause.pause))
app.command("walk")(on_target(walk.walk))
app.command("clock")(on_target(clock.clock))
app.command("learn")(on_target(learning.learn))
app.command("mcp")(on_target(mcp.mcp))
app.command("migrate")(migrate.migrate)
app.command("doctor")(on_target(doctor.doctor))
app.command("backfill")(on_target(backfill.backfill))
app.command("serve")(serve.serve)
app.command("run-daily-scrum")(on_target(jobs.run_daily_scrum))
app.command("run-schedule")(on_target(jobs.run_schedule))
app.command("plan-sprint")(on_target(jobs.plan_sprint))

import_app = typer.Typer(help="Import a team's history.", no_args_is_help=True)
app.add_typer(import_app, name="import")
import_app.command("csv")(on_target(importing.import_csv))
import_app.command("jira")(on_target(import_sources.import_jira))
import_app.command("github")(on_target(import_sources.import_github))
import_app.command("gitlab")(on_target(import_sources.import_gitlab))
app.command("sync")(on_target(sync.sync))

project_app = typer.Typer(help="Show and change a project.", no_args_is_help=True)
app.add_typer(project_app, name="project")
project_app.command("show")(on_target(project.show))
project_app.command("edit")(on_target(project.edit))
project_app.command("remove-member")(on_target(project.remove_member))

backlog_app = typer.Typer(help="Show and rank the backlog.", no_args_is_help=True)
app.add_typer(backlog_app, name="backlog")
backlog_app.command("show")(on_target(backlog.show))
backlog_app.command("rank")(on_target(backlog.rank))

sprint_app = typer.Typer(help="Show one sprint and act on it.", no_args_is_help=True)
app.add_typer(sprint_app, name="sprint")
sprint_app.command("show")(on_target(sprint_view.show))
sprint_app.command("cancel")(on_target(sprint.cancel))

schedule_app = typer.Typer(help="Let projects run by themselves.", no_args_is_help=True)
app.add_typer(schedule_app, name="schedule")
schedule_app.command("add")(on_target(schedule.add))
schedule_app.command("list")(on_target(schedule.list_schedules))
schedule_app.command("pause")(on_target(schedule.pause))
schedule_app.command("resume")(on_target(schedule.resume))
schedule_app.command("change")(on_target(schedule.change))
schedule_app.command("delete")(on_target(schedule.delete))

keys_app = typer.Typer(help="Give people keys of their own.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
keys_app.command("add")(on_folder(keys.add))
keys_app.command("list")(on_folder(keys.list_keys))
keys_app.command("revoke")(on_folder(keys.revoke))

memory_app = typer.Typer(help="Read and mend what is remembered.", no_args_is_help=True)
app.add_typer(memory_app, name="memory")
memory_app.command("list")(on_target(memory.list_episodes))
memory_app.command("show")(on_target(memory.show))
memory_app.command("why")(on_target(memory.why))
memory_app.command("correct")(on_target(memory.correct))
memory_app.command("forget")(on_target(memory.forget))

config_app = typer.Typer(help="Show the settings of the services.", no_args_is_help=True)
app.add_typer(config_app, name="config")
config_app.command("show")(on_folder(config.show))

audit_app = typer.Typer(help="Check recorded decisions.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")
audit_app.command("verify")(on_target(audit.verify))

events_app = typer.Typer(help="Inspect the events between services.", no_args_is_help=True)
dead_app = typer.Typer(help="Repair what a service failed at.", no_args_is_help=True)
app.add_typer(events_app, name="events")
events_app.add_typer(dead_app, name="dead")
dead_app.command("list")(on_target(events.list_dead))
dead_app.command("replay")(on_target(events.replay))
dead_app.command("discard")(on_target(events.discard))

manifests_app = typer.Typer(help="Print what a cluster is given.", no_args_is_help=True)
app.add_typer(manifests_app, name="manifests")
manifests_app.command("render")(manifests.render)
manifests_app.command("secrets")(manifests.secrets)
manifests_app.command("copy")(manifests.copy)

for registered in (*app.registered_commands, *app.registered_groups):
    panels = (panel for panel, names in PANELS.items() if registered.name in names)
    registered.rich_help_panel = next(panels, "Operate")


def main() -> None:
    """Run the console script."""
    sys.exit(app())
