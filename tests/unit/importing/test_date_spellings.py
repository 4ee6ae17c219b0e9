"""Dates as trackers, spreadsheets and programs write them."""

from datetime import date, time

import pytest

from agent.importing.dates.clock import time_of_day
from agent.importing.dates.file_dates import DetectedDates, FileDates
from agent.importing.dates.formats import SERIAL, date_format, is_no_date
from agent.importing.errors import CsvRefused

TODAY = date(2026, 12, 1)
# Beside each: its format's name. All are 5 March 2024, in the afternoon if they have a time.
SPELLINGS = {
    "2024-03-05T15:45:00Z": "Y-m-d",
    "2024-03-05 15:45:00.123456789": "Y-m-d",
    "2024-03-05T15:45+05:30": "Y-m-d",
    "2024-03-05 15:45:00 +0100": "Y-m-d",
    "2024-03-05T15:45:00+01:00[Europe/Berlin]": "Y-m-d",
    "2024-03-05 15:45:00 CET": "Y-m-d",
    "2024/3/5 3:45 PM": "Y/m/d",
    "2024.03.05": "Y.m.d",
    "20240305": "Ymd",
    "05/Mar/24 3:45 PM": "d/MMM/yy",
    "05/MAR/2024 3:45\u202fpm": "d/MMM/yy",
    "05-Mar-24": "d-MMM-yy",
    "05 Mar 2024": "d MMM Y",
    "5 March 2024 at 15:45": "d MMM Y",
    "5th March, 2024": "d MMM Y",
    "Mar 5, 2024": "MMM d, Y",
    "March 5th, 2024 3:45 PM": "MMM d, Y",
    "Tuesday, March 5, 2024 3:45:00 PM": "MMM d, Y",
    "Tue, 05 Mar 2024 15:45:00 +0100": "d MMM Y",
    "Tue, 5 Mar 2024 15:45:00 GMT": "d MMM Y",
    "Tue Mar 05 2024 15:45:06 GMT+0000 (Greenwich Mean Time)": "MMM d, Y",
    "Tue Mar 05 2024 15:45:06 GMT+0100 (Mitteleuropäische Normalzeit)": "MMM d, Y",
    "Tue Mar  5 15:45:00 2024": "MMM d, Y",
    "Tue Mar 05 15:45:00 CET 2024": "MMM d, Y",
    "2024 Mar 5": "Y MMM d",
    "05/mar/24 3:45 p. m.": "d/MMM/yy",
    "5 de marzo de 2024": "d MMM Y in Spanish",
    "05/Mär/24 3:45 nachm.": "d/MMM/yy in German",
    "5. März 2024 um 15:45 Uhr": "d MMM Y in German",
    "05.Mär.24": "d.MMM.yy in German",
    "05.Mrz.24": "d.MMM.yy in German",
    "5 mars 2024 à 15:45": "d MMM Y in French",
    "mar. 5 mars 2024": "d MMM Y in French",
    "05/mars/24 15:45": "d/MMM/yy in French",
    "5 de março de 2024": "d MMM Y in Portuguese",
    "5 марта 2024 \u0433.": "d MMM Y in Russian",
    "05/мар/24 3:45 ПП": "d/MMM/yy in Russian",
    "5 maart 2024": "d MMM Y in Dutch",
    "5 marca 2024": "d MMM Y in Polish",
    "2024年3月5日": "Y m d",
    "2024年3月5日火曜日 15:45": "Y m d",
    "2024. 3. 5. 오후 3:45": "Y.m.d",
    "1709653500": "epoch",
    "1709653500.25": "epoch",
    "1709653500123": "epoch-ms",
    "45356": "serial",
    "45356.65625": "serial",
}


def detect(*texts: str, language: str = "en") -> DetectedDates:
    dates = FileDates(["created"], language=language, today=TODAY)
    for text in texts:
        dates.add({"created": text})
    return dates.detect()["created"]


@pytest.mark.parametrize(("text", "name"), SPELLINGS.items())
def test_spelling_is_read_in_its_format(text: str, name: str) -> None:
    detected = detect(text, language="de" if "German" in name else "en")
    assert detected.format is not None
    assert (detected.format.name, detected.format.parse(text)) == (name, date(2024, 3, 5))
    assert time_of_day(text) == time() or time_of_day(text).hour == 15


@pytest.mark.parametrize(
    "text",
    [
        *("2024-W10-2", "2024-03", "March 2024", "2024", "5 Mar", "05/03", "5 Mar 2024 trailing"),
        *("05/03/2024/7", "05/03-2024", "5 Jan Apr 2024", "31/Feb/24", "00/Mar/24", "25:00"),
        *("12345", "99999", "17096535001234567", "3.5", "Sprint 12 2024", "\u0660" * 10),
        *(
            "05/03/2024 25:00",
            "05/03/2024 13:00 PM",
            "05/03/2024 10:60",
            "5 months 2024",
            "2" * 999,
        ),
    ],
)
def test_text_beside_a_date_is_none(text: str) -> None:
    detected = detect(text)
    assert detected.format is None or detected.format.parse(text) is None


@pytest.mark.parametrize("number", ["45356", "20240305", "1709653500", "1709653500123"])
def test_number_is_a_date_only_in_a_column_of_such_numbers(number: str) -> None:
    assert detect(number, number).format is not None
    assert detect(number, number, "7").format is None
    detected = detect("2024-03-05", "2024-03-06", number)
    assert detected.format is date_format("Y-m-d")
    assert detected.format.parse(number) is None


@pytest.mark.parametrize("text", ["-", "N/A", "null", "None", "0", "NaN", "\u2014", "0000-00-00"])
def test_cell_that_is_as_good_as_empty_is_no_value(text: str) -> None:
    assert is_no_date(text)
    detected = detect(text, "2024-03-05")
    assert (detected.values, detected.parsed, detected.fault) == (1, 1, None)


def test_two_ways_in_one_column_refuse_it() -> None:
    fault = detect(*["2024-03-05"] * 5, "05.03.2024", "06.03.2024").fault
    assert fault == (
        "is written in several ways: most of it as Y-m-d (2016-06-13), but '05.03.2024' in 1 row, "
        "'06.03.2024' in 1 row; write all its dates alike"
    )


def test_column_of_other_texts_is_refused_with_its_values() -> None:
    fault = detect("soon", "soon", "later", "2024-03-05").fault
    assert fault is not None
    assert fault.startswith("holds values that are no dates: 'soon' in 2 rows, 'later' in 1 row")
    assert detect("soon", "2024-03-05").fault is None


def test_days_of_a_tally_are_bounded() -> None:
    dates = FileDates(["created"], today=TODAY)
    for number in range(120_000):
        dates.add({"created": f"word{number}"})
    (tally,) = dates.tallies.values()
    assert len(tally.counts) == 50_000
    assert tally.values == 120_000


@pytest.mark.parametrize(
    ("name", "text", "day"),
    [
        ("d-m-Y", "05-03-2024", date(2024, 3, 5)),
        ("m-d-Y", "05-03-2024", date(2024, 5, 3)),
        ("DD.MM.YYYY", "05.03.2024", date(2024, 3, 5)),
        ("%m/%d/%Y %H:%M", "05/03/2024 10:00", date(2024, 5, 3)),
        ("yyyy/MM/dd", "2024/05/03", date(2024, 5, 3)),
        ("d/m/y", "05/03/24", date(2024, 3, 5)),
        ("y-m-d", "24-03-05", date(2024, 3, 5)),
        ("dd-MMM-yy", "05-Mar-24", date(2024, 3, 5)),
        ("MMM d, Y", "Mar 5, 2024", date(2024, 3, 5)),
        ("d MMM Y in Spanish", "5 de enero de 2024", date(2024, 1, 5)),
        ("d/MMM/yy in ru", "05/янв/24", date(2024, 1, 5)),
        ("epoch", "1709653500", date(2024, 3, 5)),
    ],
)
def test_format_is_named_in_several_ways(name: str, text: str, day: date) -> None:
    assert date_format(name).parse(text) == day
    assert date_format(date_format(name).name).parse(text) == day


@pytest.mark.parametrize(
    "name", ["", "d/m", "d/m/m", "Q/m/d", "d m-Y", "d MMM Y in Klingon", "Y/d/m", "d|m|Y"]
)
def test_unknown_format_is_refused_with_examples(name: str) -> None:
    with pytest.raises(CsvRefused, match=r"Unknown date format.*d-m-Y.*in Spanish"):
        date_format(name)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("05/03/2024 3:45 p. m.", time(15, 45)),
        ("05/Mär/24 3:45 vorm.", time(3, 45)),
        ("2024. 3. 5. 오후 3:45", time(15, 45)),
        ("1709653500", time(15, 45)),
        ("1709653500250", time(15, 45)),
        ("45356.65625", time(15, 45)),
        ("2024-03-05T23:59:60Z", time(23, 59, 59)),
    ],
)
def test_time_of_other_spellings(text: str, moment: time) -> None:
    assert time_of_day(text) == moment


def test_serial_numbers_are_those_of_the_spreadsheet() -> None:
    assert SERIAL.parse("25569") == date(1970, 1, 1)
    assert SERIAL.parse("73050") == date(2099, 12, 31)
    assert SERIAL.parse("25568") is None


@pytest.mark.parametrize(
    "text",
    [
        "24年3月05日",
        "24年3月05",
        "24年 3 05",
        "24/3/05日",
        "24년 3월 05일",
        "24년 3 05",
        "24/3/05일",
    ],
)
def test_word_for_the_year_or_the_day_tells_its_number(text: str) -> None:
    detected = detect(text)
    assert detected.format is not None
    assert (detected.ambiguous, detected.format.parse(text)) == (False, date(2024, 3, 5))
