"""Start of `dsm import csv`: a preview imports no package that only services need."""

import subprocess
import sys
from pathlib import Path

import pytest

# Each takes longer to import than many files to read.
HEAVY = (
    "agent.client",
    "fastapi",
    "httpx",
    "langchain_core",
    "langgraph",
    "openpyxl",
    "sqlalchemy",
)
PREVIEW = f"""
import sys
from agent.cli.main import app
app(standalone_mode=False)
print(*(name for name in {HEAVY} if name in sys.modules), file=sys.stderr)
"""


def test_preview_of_a_text_imports_no_service_and_no_reader_of_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_text("id,project,created,finished\n1,P,2016-06-06,2016-06-07\n")
    preview = subprocess.run(
        [sys.executable, "-c", PREVIEW, "import", "csv", str(path), "--dry-run"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Dry run: nothing was imported." in preview.stdout
    assert preview.stderr == "\n"


@pytest.mark.parametrize("module", ["agent.client", "agent.imports.process"])
def test_client_and_process_of_an_import_load_no_graph_and_no_driver(module: str) -> None:
    # Each import would hold a copy of them: 80 MB, and a second of every command's start.
    services = ("fastapi", "langgraph", "psycopg", "pydantic_settings", "sqlalchemy", "structlog")
    heavy = (*services, "charset_normalizer", "openpyxl")
    loaded = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    output = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    ).stdout
    assert output == "[]\n"
