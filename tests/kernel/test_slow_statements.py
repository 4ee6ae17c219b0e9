"""Statements that may take longer than others are not taken for the silence of their server."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from domain_services.kernel.database import database as module
from domain_services.kernel.database import session
from domain_services.kernel.database.database import slow_statements
from tests.kernel.conftest import BoxService

_SLOW = text("SELECT pg_sleep(0.5)")


async def test_slow_statement_is_not_hung_up_on(
    box: BoxService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "STATEMENT_SECONDS", 0.1)
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.1)
    with pytest.raises(OperationalError):
        async with box.database.transaction() as connection:
            await connection.execute(_SLOW)
    async with box.database.transaction() as connection, slow_statements(connection, 60):
        await connection.execute(_SLOW)
    with pytest.raises(OperationalError):
        async with box.database.transaction() as connection:
            async with slow_statements(connection, 60):
                pass
            await connection.execute(_SLOW)
