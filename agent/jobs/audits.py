"""Post of decision audits to the chronicle, for the delivery worker."""

from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.messaging.deliveries import Delivery, Post


def post_audits(chronicle: ChronicleClient) -> Post:
    """Return the function that posts one audit. An audit's id makes repeating it harmless."""

    async def post(delivery: Delivery) -> None:
        audit = DecisionAuditCreate.model_validate(delivery.body)
        await chronicle.create_decision_audit(audit, key=str(delivery.id))

    return post
