"""Show the plans of sprints as tables for people."""

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType

from benchmarks.decision_quality.cells import bounded, number, table, words


def sprint_tables(measured: dict[str, Any]) -> Iterator[RenderableType]:
    """Yield the plans of sprints beside simple ones, and what they promise."""
    yield _applied(measured["applied"])
    yield _first_sprints(measured["first_sprints"])
    yield _probabilities(measured["probabilities"])
    yield _certainty(measured["certainty"])
    yield from _scope_review(measured["scope_review"])
    yield from _several(measured["several_sprints"])
    yield _effects(measured["effects"], "before the scope is known")


def _plan_rows(section: dict[str, Any], applied: str) -> Iterator[tuple[str, ...]]:
    yield (applied, *_plan(section["plan"]), "1")
    yield ("the rule alone", *_plan(section["rule"]), "")
    for name, score in section["yardsticks"].items():
        yield (words(name), *_plan(score), bounded(score["ratio"]))


def _plan(score: dict[str, Any]) -> tuple[str, ...]:
    return number(score["mae"]), bounded(score["above"]), number(score["above_by"])


def _applied(section: dict[str, Any]) -> RenderableType:
    title = f"{section['plans']} plans of {section['teams']} teams, and simple ones"
    columns = ("error, tasks", "above the outcome", "by", "error of the plan over it")
    rows = [*_plan_rows(section, "the plan that is applied"), *_expectation(section["expectation"])]
    return table(title, columns, rows)


def _expectation(section: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for name in ("band", "promise"):
        share = section[name]
        yield (f"{name} of {share['nominal']:.0%}", bounded(share))


def _first_sprints(section: dict[str, Any]) -> RenderableType:
    columns = ("plans", "error", "of 10", "ratio")
    return table(
        "First sprints of a team, by the sprints before",
        columns,
        (
            (
                name,
                str(score["plans"]),
                number(score["plan"]["mae"]),
                number(score["constant_10"]["mae"]),
                bounded(score["ratio"]),
            )
            for name, score in section.items()
        ),
    )


def _probabilities(section: dict[str, Any]) -> RenderableType:
    largest = number(section["largest_difference"])
    title = (
        f"P(all n done), n of 0.4 to 2 plans; with {section['enough']} cases at most {largest} off"
    )
    rows = (
        (
            f"{tenth['low']:.1f} to {tenth['high']:.1f}",
            str(tenth["cases"]),
            number(tenth["stated"]),
            bounded(tenth["seen"]),
            number(tenth["difference"]),
        )
        for tenth in section["tenths"]
    )
    return table(title, ("cases", "stated", "seen", "difference"), rows)


def _certainty(section: dict[str, Any]) -> RenderableType:
    columns = ("error, tasks", "above the outcome", "by", "mean plan")
    rows = (
        (f"{certainty} %", *_plan(score), number(score["mean"]))
        for certainty, score in section.items()
    )
    return table("Plans by how sure they are to be", columns, rows)


def _scope_review(section: dict[str, Any]) -> Iterator[RenderableType]:
    if section["without_scope"]:
        yield f"{section['without_scope']} sprints left out that do not say their scope"
    if "reason" in section:
        yield f"scope review: {section['reason']}"
        return
    title = f"{section['reviews']} scopes reviewed, and simple forecasts"
    columns = ("error, tasks", "above the outcome", "by", "error of the forecast over it")
    rows = [
        ("forecast with the scope", *_plan(section["forecast"]), "1"),
        ("scope cut to the forecast", *_plan(section["cut_to_the_forecast"])),
        ("plan applied", *_plan(section["applied"])),
    ]
    for name, score in section["yardsticks"].items():
        rows.append((words(name), *_plan(score), bounded(score["ratio"])))
    yield table(title, columns, [*rows, *_expectation(section["expectation"])])
    yield _effects(section["effects"], "with the scope known")


def _several(section: dict[str, Any]) -> Iterator[RenderableType]:
    rows = [
        (
            f"{sprints}, {words(name)}",
            str(ahead["forecasts"]),
            bounded(score["band"]),
            bounded(score["promise"]),
        )
        for sprints, ahead in section["ahead"].items()
        for name, score in ahead.items()
        if name != "forecasts"
    ]
    title = f"Several sprints ahead; the correlation in use is {section['correlation']}"
    yield table(title, ("forecasts", "band of 70 %", "promise of 85 %"), rows)
    when = (
        (name, str(score["forecasts"]), number(score["mean_sprints"]), bounded(score["reached"]))
        for name, score in section["when"].items()
        if score["forecasts"]
    )
    yield table("When three sprints' worth is done", ("forecasts", "sprints", "done by then"), when)


def _effects(section: dict[str, Any], title: str) -> RenderableType:
    rows = [(name, bounded(score)) for name, score in section["without"].items()]
    if "nested" in section:
        again = section["nested"]
        name = f"numbers chosen without each project, to {words(again['yardstick'])}"
        rows.append((name, bounded(again["ratio"])))
    return table(
        f"Error with over error without, {title}: 1 within the bounds is no effect",
        ("value",),
        rows,
    )
