"""Generated parts of the documents agree with the code that they show."""

import re
from pathlib import Path

import pytest
from rich.console import Console

from agent.cli import demo
from deploy.catalogue import SERVICES, ServiceSpec
from docs.generate import openapi, picture, profiles, settings
from docs.generate.__main__ import PAGES

AGAIN = "run `make docs` and commit the result"


@pytest.mark.parametrize("name", PAGES)
def test_the_settings_table_agrees_with_the_settings_classes(name: str) -> None:
    text = PAGES[name].read_text()
    assert settings.replaced(text, name, settings.tables()[name]) == text, AGAIN


@pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)
def test_the_exported_openapi_document_is_the_services_own(spec: ServiceSpec) -> None:
    exported = openapi.FOLDER / f"{spec.name}.json"
    assert exported.read_text() == openapi.text(spec), AGAIN


def test_no_other_openapi_document_is_exported() -> None:
    assert {path.stem for path in openapi.FOLDER.iterdir()} == {spec.name for spec in SERVICES}


def test_every_setting_has_one_row_a_service() -> None:
    rows = [(setting.name, setting.service) for setting in settings.settings()]
    assert len(rows) == len(set(rows))
    assert {name for name, _ in rows} >= set(settings.MAIN)


def test_the_tables_of_trackers_agree_with_the_profiles() -> None:
    text = profiles.PAGE.read_text()
    assert profiles.replaced(text) == text, AGAIN


def test_each_export_and_its_languages_are_in_the_tables() -> None:
    text = profiles.content()
    assert "| Jira Cloud, all fields | `issue key`" in text
    assert "| German | `vorgangsschlüssel` |" in text
    names = [line.split(" | ")[0] for line in text.splitlines()]
    assert "| any table" in names
    assert not any(name.endswith(", German") for name in names)


def test_a_guide_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="add the markers"):
        profiles.replaced("# Import\n")


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="add the markers"):
        settings.replaced("# Settings\n", "main", "")


def test_the_pictures_are_what_the_commands_print() -> None:
    drawn = picture.picture(picture.RECORDED.read_text())
    assert picture.PICTURE.read_text() == drawn, AGAIN
    approved = picture.approval_picture(picture.RECORDED_APPROVAL.read_text())
    assert picture.APPROVAL_PICTURE.read_text() == approved, AGAIN


def test_the_readme_quotes_the_recorded_page(repository: Path) -> None:
    text = (repository / "README.md").read_text()
    (quoted,) = re.findall(r"```\n(P1 on .+?)```", text, re.DOTALL)
    assert [line for line in quoted.splitlines() if line.strip() not in recorded_lines()] == []


def test_the_recorded_page_is_of_the_default_day() -> None:
    assert recorded_lines()[0] == f"P1 on {demo.DEFAULT_DAY}"


def recorded_lines() -> list[str]:
    """Return the lines of the recorded page, without rules and margins."""
    console = Console(width=picture.COLUMNS, highlight=False)
    with console.capture() as capture:
        console.print(picture.page(picture.RECORDED.read_text()))
    return [line.strip("─ ") for line in capture.get().splitlines()]


@pytest.mark.parametrize("path", [picture.PICTURE, picture.APPROVAL_PICTURE])
def test_no_picture_fetches_anything(path: Path) -> None:
    assert "http" not in path.read_text().replace("http://www.w3.org/2000/svg", "")
