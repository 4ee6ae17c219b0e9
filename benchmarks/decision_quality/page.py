"""The measurement as tables for people."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.table import Table

VARIANTS = {"before_scope": "before the scope is known", "with_scope": "with the scope known"}


def tables(measured: dict[str, Any]) -> Iterator[RenderableType]:
    """Forecasts, then the gate, then stated against observed, for each variant."""
    yield f"{measured['sprints']} sprints of {measured['teams']} teams"
    yield from (f"{name}: {how}" for name, how in measured["fitted"].items())
    for name, title in VARIANTS.items():
        section = measured[name]
        if "reason" in section:
            yield f"{title}: {section['reason']}"
        if section.get("without_scope"):
            count = section["without_scope"]
            yield f"{title}: {count} sprints left out that do not say their scope"
        if section.get("forecast"):
            yield _forecast(section["forecast"], title)
            yield _effects(section, title)
        if section.get("gate"):
            yield _gate(
                section["gate"], f"Gate {title}, calibration: {section['gate_calibration']}"
            )
            yield _confidence(section["gate"]["confidence"], f"Confidence {title}")


def _forecast(section: dict[str, Any], title: str) -> Table:
    table = _table(f"{section['forecasts']} forecasts of {section['teams']} teams, {title}")
    table.add_row("mean absolute error, tasks", f"{section['mae']:.2f}")
    for name, bounded in section["mae_ratio_to"].items():
        table.add_row(f"its ratio to {name}", _bounded(bounded))
    interval, promise = section["interval"], section["promise"]
    table.add_row(
        f"coverage of the central {interval['nominal']:.0%}", _bounded(interval["coverage"])
    )
    table.add_row("its mean width, tasks", f"{interval['mean_width']:.1f}")
    table.add_row(f"{promise['nominal']:.0%} promises kept", _bounded(promise["kept"]))
    table.add_row(
        "promised of completed, tasks",
        f"{promise['mean_promised']:.1f} of {promise['mean_completed']:.1f}",
    )
    for loss in section["pinball"].values():
        table.add_row(
            f"pinball loss at {loss['level']:.2f}, own past's quantile",
            f"{loss['ours']:.2f}, {loss['own_past_quantile']:.2f}",
        )
    return table


def _effects(section: dict[str, Any], title: str) -> Table:
    table = _table(f"Error with over error without, {title}: 1 within the bounds is no effect")
    for name, bounded in section["effects"].items():
        table.add_row(name, _bounded(bounded))
    if "nested" in section:
        for name, bounded in section["nested"]["mae_ratio_to"].items():
            table.add_row(f"numbers chosen without each project, to {name}", _bounded(bounded))
    return table


def _gate(section: dict[str, Any], title: str) -> Table:
    table = _table(title, "ungated", "gated")
    sides = [section["ungated"], section["gated"]]
    table.add_row("changed decisions", *(f"{side['changed']}" for side in sides))
    table.add_row(
        "won, lost, tied", *(f"{side['wins']}, {side['losses']}, {side['ties']}" for side in sides)
    )
    table.add_row("win rate without ties, Wilson", *(_win_rate(side) for side in sides))
    table.add_row("win rate, bounds by team", *(_bounded(e["win_rate_by_team"]) for e in sides))
    table.add_row("error over the rule's", *(_bounded(e["mae_ratio_to_rule"]) for e in sides))
    for what in ("harm", "help"):
        for of in ("of_decisions", "of_changed"):
            shares = (_bounded(side[what][of]) for side in sides)
            table.add_row(f"{what} (2 tasks or more) {of.replace('_', ' ')}", *shares)
    table.add_row("share of the ungated help kept", "", _number(section["help_kept"]))
    for what in ("over_committed", "mean_overshoot"):
        for who in ("rule", "ungated", "gated"):
            value = section["commitment"][who][what]
            text = _bounded(value) if isinstance(value, dict) else f"{value:.2f}"
            table.add_row(f"{what.replace('_', ' ')}, {who}", text)
    return table


def _confidence(bins: list[dict[str, Any]], title: str) -> Table:
    table = _table(title, "count", "stated", "observed", "difference")
    for bucket in bins:
        table.add_row(
            f"{bucket['low']:.2f} to {bucket['high']:.2f}",
            str(bucket["count"]),
            *(_number(bucket[name]) for name in ("stated", "observed", "stated_minus_observed")),
        )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table("", *(columns or ("value",)), title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def _win_rate(side: dict[str, Any]) -> str:
    if side["wilson"] is None:
        return "-"
    return f"{side['win_rate']:.3f} [{side['wilson']['low']:.3f}, {side['wilson']['high']:.3f}]"


def _bounded(section: dict[str, Any]) -> str:
    if section["value"] is None:
        return "-"
    if section["low"] is None:
        return f"{section['value']:.3f}, too few teams for bounds"
    return f"{section['value']:.3f} [{section['low']:.3f}, {section['high']:.3f}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
