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
    assert chosen(dates["created"]) == ("d/m/Y", "")
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


@pytest.mark.parametrize("field", ["sprint_start", "sprint_end"])
def test_days_of_sprints_may_lie_in_the_future(field: str) -> None:
    dates = FileDates([field], today=date(2026, 7, 1))
    for value in ("05/11/2026", "06/12/2026"):
        dates.add({field: value})
    assert dates.detect()[field].ambiguous


def test_today_is_no_day_of_the_future() -> None:
    assert detect(["05/11/2026", "06/12/2026"], today=date(2026, 12, 6))["created"].ambiguous


def test_file_whose_days_all_lie_in_the_future_is_judged_by_the_rest() -> None:
    dates = detect(MARCH, today=date(2023, 1, 1))
    assert chosen(dates["created"]) == ("m/d/Y", "so read they lie within 12 days")


def test_evidence_outweighs_the_language_of_the_file() -> None:
    dates = detect(MARCH, language="es")
    assert chosen(dates["created"]) == ("m/d/Y", "so read they lie within 12 days")


def test_am_or_pm_in_another_language_says_nothing_american() -> None:
    dates = detect(["3/4/2024 9:15 AM", "5/6/2024 1:00 PM"], language="es")
    assert chosen(dates["created"])[0] == "d/m/Y"


def test_dots_in_a_part_of_the_values_decide_nothing() -> None:
    assert detect(["01.02.2024", "03/04/2024"])["created"].ambiguous


def test_reasons_are_given_once_and_two_at_most() -> None:
    dates = detect(MARCH, MARCH)
    assert chosen(dates["finished"])[1] == "so read they lie within 12 days"
    dates = detect([f"{value} 9:00 AM" for value in MARCH], today=date(2024, 6, 1))
    assert chosen(dates["created"])[1] == (
        "the other way days lie in the future and so read they lie within 12 days"
    )


@pytest.mark.parametrize(
    ("values", "days"),
    [
        # As few days as may decide.
        (MARCH[:4], 4),
        # A wrong order puts them on three days of the month, one for each month.
        (["3/10", "3/11", "3/12", "4/1", "4/2", "5/3"], 55),
    ],
)
def test_days_close_together_decide(values: list[str], days: int) -> None:
    dates = detect([value.removesuffix("/2024") + "/2024" for value in values])
    assert chosen(dates["created"]) == ("m/d/Y", f"so read they lie within {days} days")


@pytest.mark.parametrize(
    "values",
    [
        # On four days of the month the other way: as any file of four months.
        [*(f"{month}/{day}" for month in (4, 5) for day in range(1, 13)), "3/12", "6/1"],
        # On fewer than twice as many days of the month as the other way.
        ["3/11", "4/1", "4/2", "5/1", "5/2"],
        # Within a time that is not much shorter than the other way.
        [f"{month}/{day}" for month in (1, 2) for day in range(1, 5)],
    ],
)
def test_days_that_may_lie_together_by_chance_decide_nothing(values: list[str]) -> None:
    assert detect([f"{value}/2024" for value in values])["created"].ambiguous


@pytest.mark.parametrize("sentinel", ["01/01/1900", "01/01/9999"])
def test_sentinel_among_the_days_hides_no_evidence(sentinel: str) -> None:
    assert chosen(detect([*MARCH, sentinel])["created"])[0] == "m/d/Y"


def test_years_decide_only_where_another_order_has_more_than_twice_as_many() -> None:
    values = ["24-01-05", "24-02-06", "25-11-07", "25-12-08"]
    assert detect(values)["created"].ambiguous
    dates = detect([*values, "24-05-09"])
    assert chosen(dates["created"]) == ("y-m-d", "so read they are of 2 years")


def test_a_twentieth_of_the_tasks_must_speak_against_an_order() -> None:
    created, finished = ["05/04/2024", "06/05/2024"], ["07/03/2024", "08/04/2024"]
    created, finished = [*created, *["01/01/2024"] * 38], [*finished, *["02/02/2024"] * 38]
    assert chosen(detect(created, finished)["created"])[0] == "m/d/Y"
    dates = detect([*created, "01/01/2024"], [*finished, "02/02/2024"])
    assert dates["created"].ambiguous


def test_tasks_finished_on_their_first_day_speak_against_no_order() -> None:
    dates = detect(["2024-04-05", "2024-05-06"], ["04/05/2024", "05/06/2024"])
    assert dates["finished"].ambiguous


def test_creation_decides_beside_a_finish_that_is_never_in_doubt() -> None:
    dates = detect(["07/06/2024", "08/07/2024"], ["2024-07-01", "2024-08-01"])
    assert chosen(dates["created"])[0] == "d/m/Y"


def test_tasks_without_both_days_are_no_evidence() -> None:
    created = ["05/04/2024", "06/05/2024", "01/02/2024", "", "soon", "01/02/2024"]
    finished = ["07/03/2024", "08/04/2024", "", "01/02/2024", "01/02/2024", "soon"]
    assert chosen(detect(created, finished)["created"])[0] == "m/d/Y"
    assert detect(finished=["01/02/2024"])["finished"].ambiguous


def test_only_the_finish_is_compared_with_the_creation() -> None:
    created, finished = ["05/04/2024", "06/05/2024"], ["07/03/2024", "08/04/2024"]
    dates = detect(created, finished, updated=["2025-01-01", "2025-01-01"])
    assert chosen(dates["created"])[0] == "m/d/Y"


def test_order_that_only_one_column_can_have_is_not_compared() -> None:
    assert chosen(detect(["05/04/24"], ["24-01-05"])["created"])[0] == "d/m/y"
    assert chosen(detect(["24-01-05"], ["05/04/24"])["created"])[0] == "d-m-y"


def test_column_that_is_never_in_doubt_leaves_the_evidence_of_the_others() -> None:
    reason = "so read they lie within 12 days"
    assert chosen(detect(MARCH, ["2024-03-13"])["created"]) == ("m/d/Y", reason)
    dates = detect(MARCH, ["5 listopad 2024"])
    assert chosen(dates["created"]) == ("m/d/Y", reason)
    assert (dates["finished"].ambiguous, dates["finished"].reason) == (True, "")


def test_present_day_is_the_last_one_of_the_past() -> None:
    dates = FileDates(["created"])
    dates.add({"created": "01/02/2024"})
    assert dates.detect()["created"].ambiguous


def test_chosen_format_that_reads_nothing_is_not_replaced() -> None:
    dates = detect(["2024-03-05"], forced="m/d/Y")
    assert (dates["created"].format, dates["created"].parsed) == (date_format("m/d/Y"), 0)


def test_chosen_format_that_reads_a_part_is_not_replaced() -> None:
    dates = detect([*["2024-03-05"] * 9, "03/05/2024"], ["03/05/2024"], forced="m/d/Y")
    assert (dates["created"].format, dates["created"].parsed) == (date_format("m/d/Y"), 1)


def test_chosen_format_beside_a_column_without_dates() -> None:
    dates = detect(["03/05/2024"], updated=["soon"], forced="m/d/Y")
    assert (dates["created"].parsed, dates["updated"].parsed) == (1, 0)


def test_pairs_of_days_beyond_the_first_thousands_are_not_held() -> None:
    days = [f"{day:02d}/{month:02d}" for day in range(1, 13) for month in range(1, 13)]
    created = [f"{day}/{year}" for year in range(1989, 2024) for day in days][:5_000]
    created += ["05/04/2024"] * 300
    dates = detect(created, [*["01/01/2025"] * 5_000, *["07/03/2024"] * 300])
    assert dates["created"].ambiguous


def test_word_beside_the_month_decides_and_is_named() -> None:
    assert chosen(detect(["12/3月/24"])["created"]) == (
        "d/m/y",
        "a word stands beside the number of the month",
    )
