"""Words about the machine on which a figure was taken."""

import os
from pathlib import Path

import psutil


def machine() -> str:
    """Name the cores, the memory and the load of this machine in one line."""
    memory = psutil.virtual_memory().total / 2**30
    one, _, fifteen = os.getloadavg()
    return (
        f"{psutil.cpu_count()} cores ({model()}), {memory:.0f} GiB of memory,"
        f" load {one:.1f} (15 minutes: {fifteen:.1f})"
    )


def model() -> str:
    """Return the processor's name; "unknown processor" when the system does not say."""
    about = Path("/proc/cpuinfo")
    lines = about.read_text().splitlines() if about.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "unknown processor")
