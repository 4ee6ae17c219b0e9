"""Route for Prometheus."""

from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from domain_services.kernel.telemetry import Metrics
from domain_services.kernel.web.measurements import measure
from domain_services.kernel.web.shared import shared

_PROMETHEUS: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/plain": {}}, "description": "Prometheus text"}
}


def metrics_router(metrics: Metrics) -> APIRouter:
    """Make the route GET /metrics."""
    router = APIRouter(tags=["health"])

    @router.get("/metrics", response_class=Response, responses=_PROMETHEUS)
    async def get_metrics(request: Request) -> Response:
        """Answer the metrics of this service as Prometheus text."""
        state = request.app.state
        await shared(state, "metrics", lambda: measure(state))
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
