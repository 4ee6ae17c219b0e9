"""Figures for people, as a table, and for programs, as JSON."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.figures import Figure, Latency


def write(folder: Path, name: str, figures: Sequence[Figure], *, quick: bool) -> Path:
    """One JSON file a benchmark."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    document = {
        "benchmark": name,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": quick,
        "figures": [figure.to_json() for figure in figures],
    }
    path.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    return path


def show(console: Console, figures: Sequence[Figure]) -> None:
    """Latencies are p50 / p95 / p99 in milliseconds; what has no unit is a share or a rate."""
    table = Table(box=None, title="ms are p50 / p95 / p99", title_justify="left")
    table.add_column("what", ratio=1)
    for heading in ("ours", "floor", "ratio or share", "goal"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("reached")
    for figure in figures:
        mark = {True: "[green]yes", False: "[red]no", None: ""}[figure.reached]
        goal = "" if figure.goal is None else str(figure.goal)
        table.add_row(
            figure.name, shown(figure.ours), shown(figure.floor), f"{figure.value:g}", goal, mark
        )
    console.print(table)


def shown(value: Latency | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Latency):
        return f"{value.p50:.2f} / {value.p95:.2f} / {value.p99:.2f} ms"
    return f"{value:,.0f}/s"
