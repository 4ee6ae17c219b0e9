"""A soak's verdict tells a leak from a level, a saw tooth and the work that is kept."""

from itertools import count

import pytest

from docs.generate.retention import stored, tables_of
from domain_services.kernel.database.retention import Rule
from tests.soak import pace
from tests.soak.samples import PARTLY_KEPT, kept_tables
from tests.soak.table import table
from tests.soak.verdict import Quantity, judge

MEMORY = Quantity("memory of backlog", "MiB", 0.03, 4)
ROWS = Quantity("rows of sprint.outbox", "", 0.05, 20)
MINUTES = [number / 4 for number in range(121)]  # half an hour, four samples a minute


def test_level_with_noise_is_flat() -> None:
    noise = [(-1) ** number * 0.5 for number in range(len(MINUTES))]
    verdict = judge(MEMORY, [(m, 130 + n) for m, n in zip(MINUTES, noise, strict=True)])
    assert verdict.word == "flat"
    assert verdict.slope == pytest.approx(0, abs=0.01)


def test_leak_that_is_small_in_a_minute_is_seen() -> None:
    verdict = judge(MEMORY, [(minute, 130 + 0.5 * minute) for minute in MINUTES])
    assert verdict.word == "GROWS"
    assert verdict.slope == pytest.approx(0.5)


def test_filling_in_the_first_third_is_no_leak() -> None:
    points = [(minute, 100 + 3 * min(minute, 10)) for minute in MINUTES]
    assert judge(MEMORY, points).word == "flat"


def test_rows_that_retention_deletes_in_rounds_are_flat() -> None:
    points = [(minute, 500 + 200 * (minute % 3)) for minute in MINUTES]
    assert judge(ROWS, points).word == "flat"
    slipping = [(minute, rows + 20 * minute) for minute, rows in points]
    assert judge(ROWS, slipping).word == "GROWS"


def test_work_that_is_kept_may_grow() -> None:
    tasks = Quantity("rows of backlog.tasks", "", 0.05, 20, kept=True)
    verdict = judge(tasks, [(minute, 100 * minute) for minute in MINUTES])
    assert verdict.word == "grows as its retention says"


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="2 samples are too few"):
        judge(ROWS, [(0, 1), (1, 1)])


def test_table_begins_with_what_grows() -> None:
    numbers = count()
    growing = judge(Quantity("z"), [(minute, next(numbers)) for minute in MINUTES])
    constant = judge(Quantity("a"), [(minute, 7) for minute in MINUTES])
    noise = [(minute, minute % 2) for minute in MINUTES]
    flat, size = (judge(Quantity(name, floor=100), noise) for name in ("b", "size of b"))
    lines = table([constant, flat, size, growing])
    assert [line.split()[0] for line in lines[1:]] == ["z", "b", "1", "1"]
    assert lines[1].endswith("GROWS")


def test_every_rule_takes_the_shorter_day(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [table for spec in stored() for table in tables_of(spec) if isinstance(table, Rule)]
    monkeypatch.setattr(pace, "DAY_SECONDS", 60)
    assert rules
    for rule in rules:
        assert "make_interval(secs => 60 * :days)" in pace.statement(rule)
        assert "make_interval(days" not in pace.statement(rule)


def test_only_tables_without_an_end_may_grow() -> None:
    lists = {spec.name: kept_tables(tables_of(spec)) for spec in stored()}
    assert lists["backlog"]["tasks"]
    assert not lists["sprint"]["outbox"]
    assert not lists["orchestrator"]["runs"]
    assert {"episodes"} == set(PARTLY_KEPT)
