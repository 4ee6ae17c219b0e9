"""Forms of a database's URL: libpq's, and SQLAlchemy's with the driver psycopg."""

import re

_SCHEME = re.compile(r"^postgres(ql)?(\+psycopg)?://")


def plain_url(url: str) -> str:
    """Return the URL as libpq reads it."""
    return _SCHEME.sub("postgresql://", url)


def engine_url(url: str) -> str:
    """Return the URL as SQLAlchemy reads it; "postgresql://" alone would ask for psycopg2."""
    return _SCHEME.sub("postgresql+psycopg://", url)
