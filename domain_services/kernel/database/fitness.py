"""Check of a starting service: its pools fit each server, and its routes are supported."""

from typing import Any

import psycopg
import structlog
from psycopg.rows import namedtuple_row

from domain_services.kernel.database import session
from domain_services.kernel.database.pooler import (
    AsyncConnection,
    answers_for_server,
    connected,
    find_mode,
    keeps_prepared,
)
from domain_services.kernel.database.urls import plain_url
from domain_services.kernel.settings import DatabaseRoute, KernelSettings

logger = structlog.get_logger()

# reserved_connections is known since PostgreSQL 16.
_LIMITS = """
    SELECT current_user AS role, current_database() AS database, rolconnlimit AS of_role,
           (SELECT datconnlimit FROM pg_database WHERE datname = current_database()) AS of_database,
           current_setting('max_connections')::int AS of_server,
           CASE WHEN rolsuper THEN 0 ELSE
               current_setting('superuser_reserved_connections')::int
               + coalesce(current_setting('reserved_connections', true)::int, 0)
           END AS reserved,
           (SELECT coalesce(sum(numbackends), 0)::int - 1 FROM pg_stat_database) AS taken
    FROM pg_roles WHERE rolname = current_user
"""
_VALUES = "SELECT name, current_setting(name, true) FROM unnest(%s::text[]) AS name"


class UnfitDatabase(RuntimeError):
    """Refusal to start on a database that the settings cannot work with."""


async def check_database(settings: KernelSettings) -> None:
    """Warn about, or refuse, databases whose limits or whose poolers the settings do not fit.

    A database that is away is not judged. Raises: `UnfitDatabase` naming the setting to change.
    """
    for route in settings.database_routes:
        try:
            await _check_route(route)
        except psycopg.OperationalError as error:
            text = str(error)
            if "startup parameter" in text:  # said by a pooler, which has one language
                raise UnfitDatabase(
                    f"{route.setting} leads through a pooler that refuses the settings of a"
                    f" session; set {route.past_setting} to the server itself, or, in session"
                    " mode, ignore_startup_parameters = options"
                ) from error
            logger.warning("database.not_checked", setting=route.setting, error=text.strip())


async def _check_route(route: DatabaseRoute) -> None:
    url = plain_url(route.url.get_secret_value())
    options = session.startup_options(pooled=route.past_url is not None)
    if route.past_url is not None:
        async with connected(plain_url(route.past_url.get_secret_value()), {}) as connection:
            await _check_direct(connection, route)
    async with connected(url, options) as first:
        if await answers_for_server(first):
            async with connected(url, options) as second:
                await _check_pooler(first, second, route)
        else:
            _check_limits(await _read_limits(first), route)
        await _check_session(first, route)


async def _check_direct(connection: AsyncConnection, route: DatabaseRoute) -> None:
    if await answers_for_server(connection):
        raise UnfitDatabase(
            f"{route.past_setting} leads through a connection pooler;"
            " set it to the PostgreSQL server itself"
        )


async def _check_pooler(
    first: AsyncConnection, second: AsyncConnection, route: DatabaseRoute
) -> None:
    mode = await find_mode(first, second)
    if mode == "statement":
        raise UnfitDatabase(
            f"{route.setting} leads through a pooler in statement mode, which has no transactions;"
            " set pool_mode = transaction or session"
        )
    if mode == "session":
        return
    if route.past_url is None:
        raise UnfitDatabase(
            f"{route.setting} leads through a pooler in transaction mode; set"
            f" {route.past_setting} to the PostgreSQL server itself, or pool_mode = session"
        )
    if not await keeps_prepared(first, second):
        raise UnfitDatabase(
            f"{route.setting} leads through a pooler in transaction mode that forgets prepared"
            " statements; use PgBouncer 1.21 or newer with max_prepared_statements above 0"
        )


async def _check_session(connection: AsyncConnection, route: DatabaseRoute) -> None:
    needed = dict(route.session_settings) | session.settings()
    cursor = await connection.execute(_VALUES, [list(needed)], prepare=False)
    values = dict(await cursor.fetchall())
    wrong = {name: value for name, value in needed.items() if values[name] != value}
    if not wrong:
        return
    row = await (await connection.execute("SELECT current_user", prepare=False)).fetchone()
    role = row[0] if row else "the role"
    statements = " ".join(f"ALTER ROLE {role} SET {name} = '{wrong[name]}';" for name in wrong)
    raise UnfitDatabase(
        f"a session through the pooler in {route.setting} lacks its settings; let an administrator"
        f" run: {statements} and then RECONNECT in the pooler"
    )


async def _read_limits(connection: AsyncConnection) -> Any:
    cursor = connection.cursor(row_factory=namedtuple_row)
    return await (await cursor.execute(_LIMITS)).fetchone()


def _check_limits(limits: Any, route: DatabaseRoute) -> None:
    """Refuse pools that can never be filled, and warn of those that cannot now."""
    most = route.most_connections
    server = limits.of_server - limits.reserved
    of_server = f"max_connections = {limits.of_server} of the server"
    rooms = {
        f"{of_server} (less {limits.reserved} reserved)": server,
        f"CONNECTION LIMIT {limits.of_role} of the role {limits.role}": limits.of_role,
        f"CONNECTION LIMIT {limits.of_database} of the database {limits.database}": (
            limits.of_database
        ),
    }
    pools = " + ".join(f"{name} = {size}" for name, size in route.pools.items())
    for name, room in rooms.items():
        if 0 <= room < most:
            raise UnfitDatabase(
                f"this process opens up to {most} connections ({pools}) by {route.setting}, more"
                f" than the {name}; lower the pools or raise the limit"
            )
    if most > server - limits.taken:
        logger.warning(
            "database.connections_scarce",
            setting=route.setting,
            most_connections=most,
            pools=pools,
            max_connections=limits.of_server,
            taken=limits.taken,
        )
