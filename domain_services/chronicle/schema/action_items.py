"""Wire types of action items, which are followed until they are closed."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from domain_services.kernel.types import Answer, Line, Prose, Wire

ActionItemStatus = Literal["open", "in-progress", "closed"]
# Imports name tasks by the ids of their sources, which need not look like ours.
NamedTask = Annotated[Line, Field(max_length=100)]


class ActionItemCreate(Wire):
    """Action item of a retrospective, to be recorded with it."""

    description: Prose
    """Text of the item."""
    status: ActionItemStatus = "open"
    """Status at the time of recording."""
    impediment: Prose | None = None
    """Text of the impediment to remove, as it was reported; null: the item removes none."""
    task_id: NamedTask | None = None
    """Unfinished task to decide about; null: the item is about no task."""


class ActionItem(Answer):
    """Action item as its retrospective lists it."""

    description: str
    """Text of the item."""
    status: ActionItemStatus
    """Present status."""


class ActionItemChange(Wire):
    """Request to change the status of an action item."""

    status: ActionItemStatus
    """Status from now on."""
    comment: Prose = ""
    """Reason of the change."""


class TrackedActionItem(Answer):
    """Action item with its place and version."""

    retrospective_id: UUID
    """Retrospective that the item belongs to."""
    position: int
    """Place in its retrospective, from 1."""
    sprint_id: str
    """Sprint of the retrospective."""
    project_id: str
    """Project of the sprint."""
    description: str
    """Text of the item."""
    status: ActionItemStatus
    """Present status."""
    version: int
    """1 when recorded; rises with each change."""


class RecordedChange(Answer):
    """Recorded change of an action item's status."""

    version: int
    """Version that the change made."""
    from_status: ActionItemStatus
    """Status before."""
    to_status: ActionItemStatus
    """Status after."""
    comment: str
    """Reason of the change."""
    actor: str
    """Name of the API key that the change came with."""
    changed_at: datetime
    """Time of the change, UTC."""
