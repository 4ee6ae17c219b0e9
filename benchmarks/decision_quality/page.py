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
        found = measured[name]
        if "reason" in found:
            yield f"{title}: {found['reason']}"
        if found.get("without_scope"):
            yield f"{title}: {found['without_scope']} sprints left out that do not say their scope"
        if found.get("forecast"):
            yield _forecast(found["forecast"], title)
            yield _effects(found, title)
        if found.get("gate"):
            yield _gate(found["gate"], f"Gate {title}, calibration: {found['gate_calibration']}")
            yield _confidence(found["gate"]["confidence"], f"Confidence {title}")


def _forecast(found: dict[str, Any], title: str) -> Table:
    table = _table(f"{found['forecasts']} forecasts of {found['teams']} teams, {title}")
    table.add_row("mean absolute error, tasks", f"{found['mae']:.2f}")
    for name, bounded in found["mae_ratio_to"].items():
        table.add_row(f"its ratio to {name}", _bounded(bounded))
    interval, promise = found["interval"], found["promise"]
    table.add_row(
        f"coverage of the central {interval['nominal']:.0%}", _bounded(interval["coverage"])
    )
    table.add_row("its mean width, tasks", f"{interval['mean_width']:.1f}")
    table.add_row(f"{promise['nominal']:.0%} promises kept", _bounded(promise["kept"]))
    table.add_row(
        "promised of completed, tasks",
        f"{promise['mean_promised']:.1f} of {promise['mean_completed']:.1f}",
    )
    for loss in found["pinball"].values():
        table.add_row(
            f"pinball loss at {loss['level']:.2f}, own past's quantile",
            f"{loss['ours']:.2f}, {loss['own_past_quantile']:.2f}",
        )
    return table


def _effects(found: dict[str, Any], title: str) -> Table:
    table = _table(f"Error with over error without, {title}: 1 within the bounds is no effect")
    for name, bounded in found["effects"].items():
        table.add_row(name, _bounded(bounded))
    if "nested" in found:
        for name, bounded in found["nested"]["mae_ratio_to"].items():
            table.add_row(f"numbers chosen without each project, to {name}", _bounded(bounded))
    return table


def _gate(found: dict[str, Any], title: str) -> Table:
    table = _table(title, "ungated", "gated")
    sides = [found["ungated"], found["gated"]]
    table.add_row("changed decisions", *(f"{each['changed']}" for each in sides))
    table.add_row(
        "won, lost, tied", *(f"{each['wins']}, {each['losses']}, {each['ties']}" for each in sides)
    )
    table.add_row("win rate without ties, Wilson", *(_win_rate(each) for each in sides))
    table.add_row("win rate, bounds by team", *(_bounded(e["win_rate_by_team"]) for e in sides))
    table.add_row("error over the rule's", *(_bounded(e["mae_ratio_to_rule"]) for e in sides))
    for what in ("harm", "help"):
        for of in ("of_decisions", "of_changed"):
            shares = (_bounded(each[what][of]) for each in sides)
            table.add_row(f"{what} (2 tasks or more) {of.replace('_', ' ')}", *shares)
    table.add_row("share of the ungated help kept", "", _number(found["help_kept"]))
    for what in ("over_committed", "mean_overshoot"):
        for who in ("rule", "ungated", "gated"):
            value = found["commitment"][who][what]
            text = _bounded(value) if isinstance(value, dict) else f"{value:.2f}"
            table.add_row(f"{what.replace('_', ' ')}, {who}", text)
    return table


def _confidence(bins: list[dict[str, Any]], title: str) -> Table:
    table = _table(title, "count", "stated", "observed", "difference")
    for each in bins:
        table.add_row(
            f"{each['low']:.2f} to {each['high']:.2f}",
            str(each["count"]),
            *(_number(each[name]) for name in ("stated", "observed", "stated_minus_observed")),
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


def _bounded(found: dict[str, Any]) -> str:
    if found["value"] is None:
        return "-"
    if found["low"] is None:
        return f"{found['value']:.3f}, too few teams for bounds"
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
