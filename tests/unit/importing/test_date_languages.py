"""Days that CLDR writes in each language are read back, whatever the language is said to be."""

from datetime import date, datetime

import pytest
from babel.dates import format_date, format_datetime
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.importing.dates.file_dates import DetectedDates, FileDates
from agent.importing.dates.formats import date_format
from agent.importing.dates.words import LANGUAGES

FORMS = (
    *("d/MMM/yy h:mm a", "dd/LLL/yy HH:mm", "d MMM y", "d MMMM y, HH:mm", "dd.MMM.yy"),
    *("d-MMM-y", "MMM d, y", "MMMM d, y h:mm a", "y MMM d"),
)
CLDR_FORMS = ("medium", "long", "full")
moments = st.datetimes(datetime(2000, 1, 1), datetime(2068, 12, 31))


def detect(texts: list[str], language: str) -> DetectedDates:
    dates = FileDates(["created"], language=language, today=date(2099, 12, 31))
    for text in texts:
        dates.add({"created": text})
    return dates.detect()["created"]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(LANGUAGES),
    st.sampled_from((*FORMS, *CLDR_FORMS)),
    st.lists(moments, min_size=1, max_size=12),
    st.booleans(),
)
def test_days_that_a_language_writes_are_read_back(
    language: str, form: str, written: list[datetime], language_is_known: bool
) -> None:
    write = format_date if form in CLDR_FORMS else format_datetime
    texts = [write(moment, form, locale=language) for moment in written]
    detected = detect(texts, language if language_is_known else "en")
    readings = detected.readings or ((detected.format,) if detected.format else ())
    days = [moment.date() for moment in written]
    # A few days may mean two things in two languages: then both remain, and a person is asked.
    assert any([reading.parse(text) for text in texts] == days for reading in readings)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whole_year_of_a_language_is_read_in_it(language: str) -> None:
    days = [datetime(2024, month, day, 15, 45) for month in range(1, 13) for day in (1, 28)]
    texts = [format_datetime(day, "d/MMM/yy h:mm a", locale=language) for day in days]
    detected = detect(texts, language)
    assert detected.format is not None
    assert not detected.ambiguous
    assert [detected.format.parse(text) for text in texts] == [day.date() for day in days]


def test_months_that_mean_two_things_in_two_languages_are_asked_about() -> None:
    detected = detect(["1 listopad 2023", "9 listopad 2023"], "en")
    assert detected.ambiguous
    assert {reading.parse("1 listopad 2023") for reading in detected.readings} == {
        date(2023, 10, 1),
        date(2023, 11, 1),
    }
    assert not detect(["1 listopad 2023"], "pl").ambiguous


def test_month_words_that_no_language_knows_refuse_the_column() -> None:
    detected = detect(["05/foo/24", "06/foo/24", "07/bar/24", "08/mar/24", "09/mar/24"], "en")
    assert detected.format is None
    assert detected.fault == (
        "has month words that cannot be read: 'foo' in 2 rows, 'bar' in 1 row; "
        "export it in English, or with months as numbers such as 2016-06-13"
    )


def test_languages_that_are_mixed_refuse_the_column() -> None:
    texts = [f"{day:02}/{month}/24" for day in range(1, 9) for month in ("Jan", "May", "ene")]
    detected = detect(texts, "en")
    assert detected.format is None
    assert detected.fault is not None
    assert "mixes languages: its month words are English, but 'ene' in 8 rows" in detected.fault
    assert "Spanish" in detected.fault


def test_one_bad_month_in_a_long_column_is_a_fault_of_its_row() -> None:
    detected = detect([*["05/Jan/24"] * 200, "05/Jna/24", "05/Jna/24"], "en")
    assert detected.fault is None
    assert (detected.parsed, detected.values) == (200, 202)


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("thg 1 2, 2000", "vi", date(2000, 1, 2)),
        ("3-thg 9-2001", "vi", date(2001, 9, 3)),
        ("ngày 5 tháng 3 năm 2024", "en", date(2024, 3, 5)),
        ("Thứ Năm, 7 tháng 7, 2022", "vi", date(2022, 7, 7)),
        ("7월 4, 2000", "ko", date(2000, 7, 4)),
        ("05/3月/24", "en", date(2024, 3, 5)),
        ("05/3月/24", "zh", date(2024, 3, 5)),
        ("24/3月/5", "ja", date(2024, 3, 5)),
        ("24年3月5日", "en", date(2024, 3, 5)),
        ("24年3月05日", "en", date(2024, 3, 5)),
        ("24/3/5(月)", "ja", date(2024, 3, 5)),
        ("2024/3/5 (月)", "ja", date(2024, 3, 5)),
    ],
)
def test_word_beside_a_number_tells_its_part_of_the_date(
    text: str, language: str, day: date
) -> None:
    detected = detect([text], language)
    assert detected.format is not None
    assert not detected.ambiguous
    assert detected.format.parse(text) == day


def test_language_that_writes_the_year_first_is_read_so() -> None:
    texts = ["24. 12. 15.", "24. 11. 20."]
    korean, english = detect(texts, "ko"), detect(texts, "en")
    assert korean.format is not None
    assert korean.format.parse("24. 12. 15.") == date(2024, 12, 15)
    assert english.format is not None
    assert english.format.parse("24. 12. 15.") == date(2015, 12, 24)


def test_month_told_by_its_word_is_the_reason() -> None:
    detected = detect(["05/3月/24", "06/4月/24"], "zh")
    assert detected.reason == "a word stands beside the number of the month"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Th03 5, 2024", "m d Y"),
        ("Th3 5, 2024", "m d Y"),
        ("5 Th03 2024", "d m Y"),
        ("05/Th03/24 10:00", "d/m/y"),
    ],
)
def test_short_vietnamese_month_tells_the_order(text: str, name: str) -> None:
    detected = detect([text, text.replace("5", "6")], "en")
    assert detected.format is not None
    assert not detected.ambiguous
    assert detected.format.name == name
    assert detected.format.parse(text) == date(2024, 3, 5)


@pytest.mark.parametrize("text", ["March 5th, 2024", "5th March 2024", "Mar 5th, 2024"])
def test_english_ending_of_a_number_is_no_month(text: str) -> None:
    detected = detect([text], "en")
    assert (detected.first, detected.ambiguous) == (date(2024, 3, 5), False)


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (
            [
                "3 \u0905\u0917\u0938\u094d\u0924 2026",
                "1 \u0938\u093f\u0924\u0902\u092c\u0930 2026",
            ],
            "d MMM Y in Hindi",
        ),
        (
            ["03/\u05d0\u05d5\u05d2\u05f3/26 10:00", "04/\u05d0\u05d5\u05d2\u05f3/26 10:00"],
            "d/MMM/yy in Hebrew",
        ),
    ],
)
def test_further_language_is_advised_and_reads_the_column(texts: list[str], name: str) -> None:
    detected = detect(texts, "en")
    assert detected.format is None
    assert detected.advised is not None
    assert detected.advised.name == name
    assert date_format(name).parse(texts[0]) == date(2026, 8, 3)


def test_words_of_no_language_advise_no_format() -> None:
    assert detect(["05/foo/24", "06/foo/24"], "en").advised is None
