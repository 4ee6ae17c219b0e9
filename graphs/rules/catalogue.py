"""Catalogue of the rules, in the order in which their decisions are carried out."""

from collections.abc import Iterable

from graphs.rules.backlog import create_sprint, keep_as_is
from graphs.rules.base import Facts, Rule, Ruling
from graphs.rules.calendar import block_absent_team
from graphs.rules.closing import close_sprint
from graphs.rules.cronjob import (
    change_schedule,
    drop_closed_schedule,
    drop_orphaned_schedule,
    restore_schedule,
    schedule_new_sprint,
)
from graphs.rules.project import block_inactive_project

# A CronJob follows the sprint whose id it needs, and goes with the sprint that it belongs to.
RULES: tuple[Rule, ...] = (
    close_sprint,
    drop_closed_schedule,
    drop_orphaned_schedule,
    block_inactive_project,
    block_absent_team,
    create_sprint,
    schedule_new_sprint,
    restore_schedule,
    change_schedule,
    keep_as_is,
)


def decide(facts: Facts, rules: Iterable[Rule] = RULES) -> tuple[Ruling, ...]:
    """Apply every rule.

    Exactly one ruling is about the sprint itself: create_sprint, close_sprint, blocked or nothing.
    The others are about CronJobs.
    """
    rulings = (rule(facts) for rule in rules)
    return tuple(ruling for ruling in rulings if ruling is not None)
