"""Order of day and month: what decides it, what contradicts it, and when a person is asked."""

from collections.abc import Sequence
from datetime import date

import pytest

from agent.importing.dates.file_dates import DetectedDates, FileDates
from agent.importing.dates.formats import date_format
from agent.importing.reading.column_sampling import ChosenFormats, choose_formats

TODAY = date(2026, 12, 1)
HEADERS = {"created": "Created", "finished": "Closed", "updated": "Updated"}


def detect(
    created: Sequence[str] = (),
    finished: Sequence[str] = (),
    updated: Sequence[str] = (),
    *,
    forced: str | None = None,
    language: str = "en",
    today: date = TODAY,
) -> dict[str, DetectedDates]:
    columns = {"created": created, "finished": finished, "updated": updated}
    columns = {field: values for field, values in columns.items() if values}
    dates = FileDates(
        columns, date_format(forced) if forced else None, language=language, today=today
    )
    for row in range(max(map(len, columns.values()))):
        dates.add({field: values[row] for field, values in columns.items() if row < len(values)})
    return dates.detect()


def choose(dates: dict[str, DetectedDates]) -> ChosenFormats:
    return choose_formats(dates, HEADERS)


def chosen(detected: DetectedDates) -> tuple[str, str]:
    assert detected.format is not None
    assert not detected.ambiguous
    return detected.format.name, detected.reason


MARCH = [f"3/{day}/2024" for day in range(1, 13)]


@pytest.mark.parametrize("separator", ["/", "-"])
@pytest.mark.parametrize(
    ("values", "order"), [(["01/02/2024", "13/02/2024"], "dmY"), (["02/13/2024"], "mdY")]
)
def test_days_above_twelve_decide(separator: str, values: list[str], order: str) -> None:
    detected = detect([value.replace("/", separator) for value in values])["created"]
    assert chosen(detected) == (separator.join(order), "days above 12 stand there")


@pytest.mark.parametrize("separator", ["/", "-"])
def test_nothing_decides_so_a_person_is_asked(separator: str) -> None:
    dates = detect(["01/02/2024".replace("/", separator), "03/04/2024".replace("/", separator)])
    (question,) = choose(dates).questions
    assert question.text == (
        "'Created' can be read as d/m/Y or m/d/Y: '01/02/2024' is 2024-02-01 or 2024-01-02."
    ).replace("/", separator)
    assert question.answer == ("--date-format d/m/Y or --date-format m/d/Y".replace("/", separator))


def test_same_days_in_both_orders_ask_nothing() -> None:
    dates = detect(["01/01/2024", "05/05/2024"])
    assert chosen(dates["created"])[0] == "d/m/Y"
    assert choose(dates).questions == ()


def test_am_or_pm_in_each_value_says_american() -> None:
    values = ["3/4/2024 9:15:00 AM", "5/6/2024 1:00 PM"]
    assert chosen(detect(values)["created"]) == ("m/d/Y", "AM or PM stands in each")
    assert detect([*values, "5/6/2024 13:00"])["created"].ambiguous
    assert chosen(detect([*values, "13/6/2024 1:00 PM"])["created"])[0] == "d/m/Y"
    assert detect(["3/4/2024 9:15 p. m."])["created"].ambiguous


def test_days_within_a_short_time_decide_against_one_day_of_many_months() -> None:
    assert chosen(detect(MARCH)["created"]) == ("m/d/Y", "so read they lie within 12 days")
    other = [f"{day}/3/2024" for day in range(1, 13)]
    assert chosen(detect(other)["created"]) == ("d/m/Y", "so read they lie within 12 days")


def test_few_days_or_many_days_of_the_month_decide_nothing() -> None:
    assert detect(MARCH[:3])["created"].ambiguous
    spread = [f"{month}/{day}/2024" for month in range(1, 8) for day in range(1, 8)]
    assert detect(spread)["created"].ambiguous


def test_days_in_the_future_decide() -> None:
    dates = detect(["05/11/2026", "06/12/2026"], today=date(2026, 7, 1))
    assert chosen(dates["created"]) == ("m/d/Y", "the other way days lie in the future")
    assert detect(["05/11/2026", "06/12/2026"], today=date(2027, 7, 1))["created"].ambiguous


def test_finishes_before_creations_decide() -> None:
    created, finished = ["05/04/2024", "06/05/2024"], ["07/03/2024", "08/04/2024"]
    dates = detect(created, finished)
    reason = "the other way tasks are finished before they are created"
    assert chosen(dates["created"]) == ("m/d/Y", reason)
    assert chosen(dates["finished"]) == ("m/d/Y", reason)
    assert detect(created[:1], finished[:1])["created"].ambiguous


def test_finish_decides_beside_a_creation_that_is_never_in_doubt() -> None:
    created, finished = ["2024-05-04", "2024-06-05"], ["07/06/2024", "08/07/2024"]
    assert detect(created, finished)["finished"].ambiguous
    dates = detect(["2024-06-30", "2024-07-30"], ["01/07/2024", "01/08/2024"])
    assert chosen(dates["finished"])[0] == "d/m/Y"


def test_another_column_decides_and_is_named() -> None:
    dates = detect(["01/02/2024"], ["13/02/2024"])
    assert chosen(dates["created"]) == ("d/m/Y", "as the other date column")
    texts = [notice.text for notice in choose(dates).notices]
    assert "'Created' is read as d/m/Y: as the other date column." in texts


def test_columns_that_contradict_each_other_decide_for_no_third() -> None:
    dates = detect(["13/02/2024"], ["02/13/2024"], ["01/02/2024"])
    assert (chosen(dates["created"])[0], chosen(dates["finished"])[0]) == ("d/m/Y", "m/d/Y")
    assert dates["updated"].ambiguous


def test_month_words_and_iso_decide_for_no_other_column() -> None:
    dates = detect(["13/Mar/24"], ["2024-03-13"], ["01/02/2024"])
    assert dates["updated"].ambiguous


def test_evidence_that_contradicts_itself_is_asked_about() -> None:
    dates = detect([f"{day}/3/2024 9:00 AM" for day in range(1, 13)])
    (question,) = choose(dates).questions
    assert "contradicts itself" in question.text
    assert "AM or PM stands in each" in question.text
    assert "within 12 days" in question.text


def test_dots_and_the_language_of_the_file_say_day_first() -> None:
    assert chosen(detect(["01.02.2024"])["created"]) == (
        "d.m.Y",
        "dots stand between the numbers",
    )
    assert chosen(detect(["02.13.2024"])["created"])[0] == "m.d.Y"
    reason = "the language of the file writes them so"
    assert chosen(detect(["01/02/2024"], language="es")["created"]) == ("d/m/Y", reason)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        (["13/02/24", "01/02/24"], "d/m/y"),
        (["02/13/24", "02/01/24"], "m/d/y"),
        (["24-02-13", "24-02-01", "24-11-30"], "y-m-d"),
        (["24-01-05", "24-02-08", "24-03-11"], "y-m-d"),
        (["24-01-05", "24-02-06", "25-03-07", "25-04-08", "24-05-09"], "y-m-d"),
    ],
)
def test_two_digit_years(values: list[str], name: str) -> None:
    assert chosen(detect(values)["created"])[0] == name


def test_short_two_digit_years_are_asked_about() -> None:
    assert detect(["01/02/24", "03/04/24"])["created"].ambiguous


def test_chosen_format_settles_the_columns_that_it_reads() -> None:
    dates = detect(["2024-03-05"], ["03/05/2024"], ["05/03/2024"], forced="m/d/Y")
    names = [detected.format.name for detected in dates.values() if detected.format]
    assert names == ["Y-m-d", "m/d/Y", "m/d/Y"]
    assert choose(dates).questions == ()


def test_column_that_contradicts_the_chosen_format_is_not_read_otherwise() -> None:
    dates = detect(["03/05/2024"], ["13/05/2024"], forced="m/d/Y")
    assert dates["finished"].format is date_format("m/d/Y")
    assert dates["finished"].parsed == 0


def test_both_orders_in_one_column_refuse_it() -> None:
    values = [*["13/02/2024"] * 9, *["02/13/2024"] * 3]
    (question,) = choose(detect(values)).questions
    assert question.text.startswith(
        "The column 'Created' is written in several ways: most of it as"
    )
    assert "'02/13/2024' in 3 rows" in question.text


def test_unreadable_column_that_nothing_needs_is_left_out_with_a_warning() -> None:
    dates = detect(["2024-03-05"], updated=["soon", "soon"])
    answer = choose(dates)
    assert (answer.questions, answer.formats["updated"]) == ((), None)
    (notice,) = answer.notices
    assert (notice.weight, "'Updated' is not used" in notice.text) == ("warning", True)


def test_day_numbers_of_a_spreadsheet_are_said() -> None:
    (notice,) = choose(detect(["45356", "45357.5"])).notices
    assert "day numbers of a spreadsheet" in notice.text
