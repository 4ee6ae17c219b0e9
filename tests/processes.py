"""Queries of processes that may end meanwhile."""

import psutil


def command_line(process: psutil.Process) -> str:
    """Return a process's command line; empty when it has ended or may not be read."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
