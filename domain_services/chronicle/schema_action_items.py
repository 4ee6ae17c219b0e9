"""Wire types of action items, which are followed until they are closed."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from domain_services.kernel.types import Answer, Prose, Wire

ActionItemStatus = Literal["open", "in-progress", "closed"]

# What the sprint service writes: the impediment's own words, or a task's id, come after.
REMOVE_IMPEDIMENT = "Remove the impediment: "
DECIDE_ABOUT = "Decide about "


class ActionItemChange(Wire):
    """The status from now on, and why."""

    status: ActionItemStatus
    comment: Prose = ""


class TrackedActionItem(Answer):
    """An action item as it stands; `position` is its place in its retrospective, from 1.

    `version` is 1 when it is recorded and rises with each change.
    """

    retrospective_id: UUID
    position: int
    sprint_id: str
    project_id: str
    description: str
    status: ActionItemStatus
    version: int


class RecordedChange(Answer):
    """A change of status; `version` is the one that it made, `actor` whose key it came with."""

    version: int
    from_status: ActionItemStatus
    to_status: ActionItemStatus
    comment: str
    actor: str
    changed_at: datetime
