"""One project for a whole file: by a column of names, else by the name of the file."""

from pathlib import Path

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.meaning.project_names import project_of_file
from agent.importing.options import ImportOptions
from agent.importing.profiles.telling import is_header
from agent.importing.reading.recognition import Recognition, recognise
from agent.importing.tables.table import read_table

ASANA = "Task ID,Created At,Completed At,Name,Section/Column,Projects,Parent task\n"
SHORTCUT = "id,name,owners,created_at,completed_at,state,project,team\n"
TABLE = "id,title,status,created\n1,One,Done,2024-03-05\n"


def recognise_file(path: Path, text: str, **options: str) -> Recognition:
    path.write_text(text)
    return recognise(read_table(path, is_header), ImportOptions(**options))  # type: ignore[arg-type]


def projects_of(recognition: Recognition) -> list[str]:
    return [project.project for project in recognition.projects]


def notices_of(recognition: Recognition) -> list[str]:
    return [notice.text for notice in recognition.notices if "is called" in notice.text]


def test_name_that_most_rows_have_is_the_project(tmp_path: Path) -> None:
    rows = ASANA + (
        '11,2024-03-05,,One,To do,"Web Shop, Roadmap",\n'
        "12,2024-03-06,,Two,To do,Web Shop,\n"
        "13,2024-03-06,,Step,,,One\n"
    )
    recognition = recognise_file(tmp_path / "export.csv", rows)
    assert projects_of(recognition) == ["WEB-SHOP"]
    assert recognition.refused == ()
    assert notices_of(recognition) == [
        "The project is called WEB-SHOP: the column 'Projects' names 'Web Shop' in 2 of 2 rows. "
        "--project names another one."
    ]


@pytest.mark.parametrize(
    ("project", "team", "expected"),
    [("Mobile App", "", "MOBILE-APP"), ("Mobile App", "Rocket", "ROCKET")],
)
def test_team_goes_before_the_project_of_its_stories(
    tmp_path: Path, project: str, team: str, expected: str
) -> None:
    rows = SHORTCUT + f"1,One,ann,2024/03/05 10:00:00,,Ready,{project},{team}\n"
    assert projects_of(recognise_file(tmp_path / "export.csv", rows)) == [expected]


def test_file_of_several_teams_asks_and_both_answers_settle_it(tmp_path: Path) -> None:
    rows = SHORTCUT + (
        "1,One,ann,2024/03/05 10:00:00,,Unscheduled,,Red\n"
        "2,Two,ben,2024/03/05 10:00:00,,Unscheduled,,Blue\n"
    )
    path = tmp_path / "shop.csv"
    with pytest.raises(CsvRefused, match=r"'Blue' \(1\).*--map \"project=team\".*--project TEAM"):
        recognise_file(path, rows)
    table = read_table(path, is_header)
    by_team = recognise(table, ImportOptions(mapping={"project": "team"}))
    assert projects_of(by_team) == ["BLUE", "RED"]
    assert projects_of(recognise(table, ImportOptions(project="SHOP"))) == ["SHOP"]


def test_file_name_tells_the_project_where_nothing_else_does(tmp_path: Path) -> None:
    recognition = recognise_file(tmp_path / "Web_Shop 2024-03-05 (1).csv", TABLE)
    assert projects_of(recognition) == ["WEB-SHOP"]
    (notice,) = notices_of(recognition)
    assert notice in recognition.warnings
    assert "'Web_Shop 2024-03-05 (1).csv'" in notice


def test_prefix_stands_before_the_name_of_the_file(tmp_path: Path) -> None:
    assert projects_of(recognise_file(tmp_path / "shop.csv", TABLE, prefix="X-")) == ["X-SHOP"]


def test_option_goes_before_the_name_of_the_file(tmp_path: Path) -> None:
    recognition = recognise_file(tmp_path / "shop.csv", TABLE, project="OTHER")
    assert (projects_of(recognition), notices_of(recognition)) == (["OTHER"], [])


def test_rows_that_tell_their_project_go_before_the_name_of_the_file(tmp_path: Path) -> None:
    text = TABLE.replace("\n1,", "\nOPS-1,")
    assert projects_of(recognise_file(tmp_path / "shop.csv", text)) == ["OPS"]


def test_name_of_any_export_asks_for_the_project(tmp_path: Path) -> None:
    with pytest.raises(CsvRefused, match="--project TEAM"):
        recognise_file(tmp_path / "export.csv", TABLE)


@pytest.mark.parametrize(
    ("name", "project"),
    [
        ("Web_Shop.csv", "WEB-SHOP"),
        ("web-shop-2024-03-05.csv", "WEB-SHOP"),
        ("2024-03-05T10_00_00.000Z ClickUp - Web Shop - List.csv", "WEB-SHOP"),
        ("Web_Shop_All_open_2024-05-01_10-00.csv", "WEB-SHOP"),
        ("Team Alpha Sprint Board (3).xlsx", "TEAM-ALPHA"),
        ("web_shop_issues_2024-03-05_10-22.csv", "WEB-SHOP"),
        ("shop-export-65f0a1b2c3d4.rejected.csv", "SHOP"),
        ("export.csv", None),
        ("Jira Export Excel CSV (all fields) 20240305101112.csv", None),
        ("tasks (1).csv", None),
        ("2024-03-05.csv", None),
        ("userstories-65f0a1b2c3d4e5f6.csv", None),
        ("data.csv", None),
        ("Задачи.csv", None),
        ("Магазин.csv", None),
        (".csv", None),
    ],
)
def test_file_name_becomes_a_project_or_nothing(name: str, project: str | None) -> None:
    assert project_of_file(name) == project


def test_task_of_several_projects_is_in_the_first_of_them(tmp_path: Path) -> None:
    rows = ASANA + (
        '11,2024-03-05,,One,To do,"Web Shop, Roadmap",\n'
        "12,2024-03-06,,Two,To do,Roadmap,\n"
        '13,2024-03-06,,Three,To do,"Roadmap,",\n'
        '14,2024-03-06,,Four,To do,"Web Shop, Roadmap",\n'
    )
    path = tmp_path / "search.csv"
    path.write_text(rows)
    options = ImportOptions(mapping={"project": "Projects"})
    recognition = recognise(read_table(path, is_header), options)
    assert [task.project for task in recognition.tasks] == [
        "WEB-SHOP",
        "ROADMAP",
        "ROADMAP",
        "WEB-SHOP",
    ]
    (warning,) = [text for text in recognition.warnings if "several projects" in text]
    assert warning == (
        "2 rows name several projects in 'Projects' ('Web Shop, Roadmap'): each is a task of the "
        "first one. --project TEAM takes the file as one project."
    )
    alone = recognise(read_table(path, is_header), ImportOptions(project="TEAM"))
    assert projects_of(alone) == ["TEAM"]


def test_comma_in_the_name_of_one_project_divides_nothing(tmp_path: Path) -> None:
    rows = "Id,Project,Title,Created\n1,SHOP,One,2024-03-05\n"
    recognition = recognise_file(tmp_path / "tasks.csv", rows.replace("SHOP", '"SHOP, EU"'))
    assert "several projects" not in str(recognition.notices)
