"""Days of a row come from the first text that stands for a day; the others say why not."""

from datetime import date

import pytest

from agent.importing.dates.formats import ISO
from agent.importing.reading.mapping import MappedColumn
from agent.importing.reading.row_days import RowDays
from agent.importing.reading.rows import collector, emptied_collector
from agent.importing.reading.tally import Tally
from agent.importing.reading.values import Values
from agent.importing.tasks import RowRefused

LAST = date(2026, 6, 1)
FIELDS = ("created", "finished", "started", "sprint_end")


def days_of(tally: Tally) -> RowDays:
    return RowDays(dict.fromkeys(FIELDS, ISO), {}, LAST, tally, is_format_chosen=False)


@pytest.mark.parametrize("field_name", ["finished", "started"])
def test_a_text_that_is_as_good_as_empty_leaves_the_day_to_the_next_column(field_name: str) -> None:
    tally = Tally()
    days = days_of(tally)
    values = Values({field_name: "-"}, {field_name: ["-", "2026-05-04"]})
    read = days.certain if field_name == "finished" else days.optional
    assert read(field_name, values) == date(2026, 5, 4)
    assert read(field_name, Values({field_name: "-"}, {})) is None
    assert not tally.days


def test_only_days_of_a_plan_lie_after_the_last_one() -> None:
    tally = Tally()
    days = days_of(tally)
    later = "2026-06-02"
    assert days.optional("sprint_end", Values({"sprint_end": later}, {})) == date(2026, 6, 2)
    assert days.optional("started", Values({"started": later}, {})) is None
    assert tally.days["started"].examples == [later]
    with pytest.raises(RowRefused, match="lies after today"):
        days.certain("created", Values({"created": later}, {}))


def test_a_word_for_an_empty_cell_leaves_the_field_to_its_next_column() -> None:
    columns = {"status": MappedColumn("status", "Status", (0, 1), False)}
    collect = emptied_collector(collector(columns), frozenset(["null"]))
    values = collect(["NULL", "Done"])
    assert values.first["status"] == "Done"
    assert [*values.texts("status")] == ["", "Done"]
