"""CSV files written for one test, as tables and as recognitions."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from agent.importing.options import ImportOptions
from agent.importing.profiles.telling import is_header
from agent.importing.reading.recognition import Recognition, recognise
from agent.importing.tables.table import Table, read_table

Write = Callable[[str | bytes], Table]
Recognise = Callable[..., Recognition]


@pytest.fixture
def table_of(tmp_path: Path) -> Write:
    """Write text (UTF-8) or bytes to a file and open it as a table."""

    def write(content: str | bytes) -> Table:
        path = tmp_path / "tasks.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_table(path, is_header)

    return write


@pytest.fixture
def recognised(table_of: Write) -> Recognise:
    """Recognise a file given as text, with columns detected by their names."""

    def recognise_text(
        content: str | bytes,
        mapping: dict[str, str] | None = None,
        today: date | None = None,
        **options: Any,
    ) -> Recognition:
        return recognise(
            table_of(content), ImportOptions(mapping=mapping or {}, **options), today=today
        )

    return recognise_text
