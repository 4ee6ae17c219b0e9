"""URLs of stores in settings, refused while they are read when no driver would understand them.

A driver's own message about a malformed URL shows parts of the password.
"""

import re
from typing import Annotated

from pydantic import AfterValidator, SecretStr

_TEXT = r"(?:[^\s@/?%]|%[0-9A-Fa-f]{2})*"
_HOST = r"(?:\[[0-9A-Fa-f:.]+\]|[^\s@/?:,\[\]]*)(?::\d+)?"
_REST = rf"(?:{_TEXT}@)?{_HOST}(?:,{_HOST})*(?:/{_TEXT})?(?:\?(?:[^\s%]|%[0-9A-Fa-f]{{2}})*)?"


def _checked(pattern: str, form: str) -> AfterValidator:
    shape = re.compile(pattern)

    def check(url: SecretStr) -> SecretStr:
        if shape.fullmatch(url.get_secret_value()) is None:
            raise ValueError(f"write {form}, and %XX for a special character of the password")
        return url

    return AfterValidator(check)


PostgresUrl = Annotated[
    SecretStr,
    _checked(
        rf"postgres(?:ql)?(?:\+psycopg)?://{_REST}", "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
    ),
]
RedisUrl = Annotated[
    SecretStr, _checked(rf"rediss?://{_REST}|unix://\S+", "redis://:PASSWORD@HOST:6379/0")
]
