"""Notes that the sprint service delivers to the chronicle."""

from collections.abc import Awaitable, Callable

from domain_services.chronicle import schema as chronicle
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.messaging.deliveries import Delivery, Post, enqueue

__all__ = ["CANCELLATION", "DAILY_SCRUM", "PLANNING", "RETROSPECTIVE", "enqueue", "post_notes"]

PLANNING = "/v1/notes/sprint_planning"
RETROSPECTIVE = "/v1/notes/sprint_retrospective"
CANCELLATION = "/v1/notes/sprint_cancellation"
DAILY_SCRUM = "/v1/notes/daily_scrum_report"


def post_notes(client: ChronicleClient) -> Post:
    """Return the function that posts one note, as the delivery worker needs it."""

    async def planning(delivery: Delivery) -> object:
        note = chronicle.SprintPlanningCreate.model_validate(delivery.body)
        return await client.create_sprint_planning(note, key=str(delivery.id))

    async def retrospective(delivery: Delivery) -> object:
        note = chronicle.SprintRetrospectiveCreate.model_validate(delivery.body)
        return await client.create_sprint_retrospective(note, key=str(delivery.id))

    async def cancellation(delivery: Delivery) -> object:
        note = chronicle.SprintCancellationCreate.model_validate(delivery.body)
        return await client.create_sprint_cancellation(note, key=str(delivery.id))

    async def daily_scrum(delivery: Delivery) -> object:
        note = chronicle.DailyScrumReportCreate.model_validate(delivery.body)
        return await client.create_daily_scrum_report(note, key=str(delivery.id))

    by_route: dict[str, Callable[[Delivery], Awaitable[object]]] = {
        PLANNING: planning,
        RETROSPECTIVE: retrospective,
        CANCELLATION: cancellation,
        DAILY_SCRUM: daily_scrum,
    }

    async def post(delivery: Delivery) -> object:
        return await by_route[delivery.route](delivery)

    return post
