"""Check that a remedy names the columns that a file really has, as a command takes them."""

from agent.importing.options import ImportOptions
from agent.importing.reading.mapping import parse_mapping
from agent.importing.reading.recognition import Recognition, recognise
from tests.unit.importing.conftest import Recognise, Write

ENGLISH = "ID,Subject,Type,Status,Priority,Project,Created on"
GERMAN = "ID,Thema,Typ,Status,Priorität,Projekt,Erstellt am,Aktualisiert am"
ROW = "1,One,Task,Closed,Normal,SHOP,2024-03-04"


def remedy(recognition: Recognition) -> str:
    (lack,) = [lack for lack in recognition.lacks if lack.field == "finished"]
    (warning,) = [text for text in recognition.warnings if "unknown day" in text]
    assert warning.endswith(f"{lack.remedy[0].upper()}{lack.remedy[1:]}.")
    return lack.remedy


def test_day_of_the_change_stands_in_by_its_name_in_the_file(table_of: Write) -> None:
    table = table_of(f"{GERMAN}\n1,Eins,Aufgabe,Geschlossen,Normal,SHOP,2024-03-04,2024-03-08\n")
    text = remedy(recognise(table))
    assert text == (
        "take the column 'Aktualisiert am' for the day of the finish: "
        '--map "finished=Aktualisiert am"'
    )
    mapping = parse_mapping([text.split('"')[1]])
    assert recognise(table, ImportOptions(mapping=mapping)).states.completed == 1


def test_column_that_the_file_lacks_is_added_first(recognised: Recognise) -> None:
    assert remedy(recognised(f"{ENGLISH}\n{ROW}\n")) == (
        "add Updated on to the columns, export again, and take the last change as the finish: "
        '--map "finished=Updated on"'
    )
