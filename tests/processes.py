"""What the tests ask of processes that may be ending."""

import psutil


def command_line(process: psutil.Process) -> str:
    """Its words; nothing of a process that has ended or is not ours to see."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
