"""The commands of `dsm` that concern the stack."""

import typer

from agent.cli import stack

commands = typer.Typer()
commands.command()(stack.up)
commands.command()(stack.down)
commands.command()(stack.status)
commands(prog_name="dsm")
