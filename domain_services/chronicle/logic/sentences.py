"""Sentences of action items that release 0.1.0 of the sprint service wrote without typed fields."""

import re

from domain_services.chronicle.schema import ActionItemCreate

_REMOVAL = re.compile("Remove the impediment: (.*)", re.DOTALL)
_DECISION = re.compile("Decide about ([A-Z0-9_-]+-TASK[0-9]+), left at [0-9]+ %")


def with_subject(item: ActionItemCreate) -> ActionItemCreate:
    """Fill the impediment or the task of an item that names it in its sentence alone."""
    # A retrospective that was written before an upgrade may be delivered after it
    # (docs/adr/0072-action-item-subject.md).
    if item.impediment is not None or item.task_id is not None:
        return item
    if removal := _REMOVAL.fullmatch(item.description):
        return item.model_copy(update={"impediment": removal[1]})
    if decision := _DECISION.fullmatch(item.description):
        return item.model_copy(update={"task_id": decision[1]})
    return item
