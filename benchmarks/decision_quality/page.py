"""Show the measurement as tables for people."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from benchmarks.decision_quality.backlog_page import backlog_tables
from benchmarks.decision_quality.cells import bounded, number, table, words
from benchmarks.decision_quality.sprint_page import sprint_tables


def tables(measured: dict[str, Any]) -> Iterator[RenderableType]:
    """Yield a table for each section, and last the targets."""
    yield f"{measured['sprints']} sprints of {measured['teams']} teams"
    yield from (f"{name}: {text}" for name, text in measured["fitted"].items())
    yield from sprint_tables(measured)
    yield from backlog_tables(measured)
    yield from _gate(measured["gate"])
    yield from _calibration(measured["calibration"])
    yield _targets(measured["targets"])


def _gate(section: dict[str, Any]) -> Iterator[RenderableType]:
    episodes = section["similar_episodes"]
    rows = [
        ("confident enough", bounded(episodes["confident"])),
        ("plans changed", bounded(episodes["passed"])),
        ("error of the rule, tasks", number(episodes["rule_mae"])),
    ]
    for name in ("recommended", "applied"):
        rows.append((f"error over the rule's, {name}", bounded(episodes[name]["ratio_to_rule"])))
        rows.append((f"noticeably worse, {name}", bounded(episodes[name]["harm"])))
    yield table("Similar episodes at the gate", ("value",), rows)
    controls = (
        (
            words(name),
            bounded(score["passed"]),
            *(number(score[f"{plan}_mae"]) for plan in ("rule", "evidence")),
            number(score["applied"]["mae"]),
        )
        for name, score in section["controls"].items()
    )
    columns = ("passed", "rule's error", "evidence's", "applied")
    yield table("Controls of the gate: evidence against a rule", columns, controls)


def _calibration(section: dict[str, Any]) -> Iterator[RenderableType]:
    if "reason" in section:
        yield f"calibration: {section['reason']}"
        return
    result = section["fitted"]
    title = (
        f"Chance to end nearer, {result['sample_size']} outcomes of {result['teams']} teams:"
        f" intercept {result['intercept']:.3f}, slope {result['slope']:.3f}, log loss"
        f" {number(result['log_loss'])} (uncalibrated {number(result['baseline_log_loss'])})"
    )
    rows = (
        (
            f"{interval['low']:.2f} to {interval['high']:.2f}",
            str(interval["count"]),
            *(number(interval[name]) for name in ("stated", "observed")),
        )
        for interval in result["table"]
    )
    yield table(title, ("count", "stated", "observed"), rows)


def _targets(section: list[dict[str, Any]]) -> RenderableType:
    rows = (
        (
            target["name"],
            number(target["value"]),
            number(target["low"]),
            number(target["high"]),
            "-" if target["value"] is None else "yes" if target["met"] else "no",
        )
        for target in section
    )
    return table("Targets", ("value", "at least", "at most", "met"), rows)
