"""The commands of `dsm` that concern the stack."""

import typer

from agent.cli import stack, status
from agent.cli.target import on_folder, on_target

commands = typer.Typer()
commands.command()(on_folder(stack.up))
commands.command()(on_folder(stack.down))
commands.command()(on_target(status.status))
commands(prog_name="dsm")
