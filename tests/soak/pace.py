"""Catalogue whose services delete what has ended after minutes in place of days.

A stack of this catalogue is the stack that ships, with a shorter day: the same rules, statements
and loops, so that a plateau shows within a soak. DSM_SOAK_DAY_SECONDS is the length of a day.
"""

import os
from typing import Any

from redis.asyncio import Redis

from deploy import catalogue
from domain_services.kernel.database import retention
from domain_services.kernel.messaging import trimming

DAY_SECONDS = float(os.environ.get("DSM_SOAK_DAY_SECONDS", "86400"))
ROUNDS_A_DAY = 6
_DAYS = "make_interval(days => :days)"
_AS_SHIPPED = retention.Rule.statement


def statement(rule: retention.Rule) -> str:
    """Return the statement of a rule that counts short days."""
    shipped = str(_AS_SHIPPED.__get__(rule))
    # A rule that counts its days in another way would keep them long, and grow unjudged.
    assert _DAYS in shipped, f"the rule of {rule.table} has no {_DAYS}"
    return shipped.replace(_DAYS, f"make_interval(secs => {DAY_SECONDS} * :days)")


async def _trim(redis: Redis, *words: Any, keep_days: float) -> int:
    return await _TRIM(redis, *words, keep_days=keep_days * DAY_SECONDS / 86_400)


_TRIM = trimming.trim
SERVICES = catalogue.SERVICES

if "DSM_SOAK_DAY_SECONDS" in os.environ:
    retention.FIRST_SECONDS = retention.PERIOD_SECONDS = DAY_SECONDS / ROUNDS_A_DAY
    trimming.PERIOD_SECONDS = DAY_SECONDS / ROUNDS_A_DAY
    retention.Rule.statement = property(statement)  # pyright: ignore[reportAttributeAccessIssue]
    trimming.trim = _trim
