"""Routes of the embedding service (section 7.3 of the specification)."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from domain_services.embedding import schema
from domain_services.embedding.logic import Embedder
from domain_services.kernel.telemetry import Metrics
from domain_services.kernel.web.health import readiness
from domain_services.kernel.web.openapi import problems

# The specification gives this service health and metrics of its own shape.
SERVICE = "embedding-service"

router = APIRouter()


async def _embedder(request: Request) -> Embedder:
    return request.app.state.embedder


Models = Annotated[Embedder, Depends(_embedder)]


@router.post("/embed", responses=problems(400, 503), tags=["embeddings"])
async def embed(body: schema.EmbedRequest, models: Models) -> schema.Embedding:
    """Embed one text."""
    served = await models.embed([body.text])
    return schema.Embedding(
        embedding=served.vectors[0], model=served.model, generation_time_ms=served.milliseconds
    )


@router.post("/embed/batch", responses=problems(400, 503), tags=["embeddings"])
async def embed_batch(body: schema.BatchRequest, models: Models) -> schema.EmbeddingBatch:
    """Embed up to 256 texts in their order, all by one model."""
    served = await models.embed(body.texts)
    return schema.EmbeddingBatch(
        embeddings=served.vectors,
        count=len(served.vectors),
        model=served.model,
        total_time_ms=served.milliseconds,
    )


@router.get(
    "/health",
    responses={503: {"model": schema.Health, "description": "No model can serve"}},
    tags=["health"],
)
async def get_liveness(response: Response, models: Models) -> schema.Health:
    """Name the models that can serve; 503 when none can."""
    health = models.health()
    response.status_code = 200 if health.status == "healthy" else 503
    return health


@router.get(
    "/health/ready",
    responses={503: {"description": "No model can serve"}},
    tags=["health"],
)
async def get_readiness(request: Request) -> JSONResponse:
    """Answer 200 when a model can serve, otherwise 503."""
    passed, body = await readiness(SERVICE, request.app.state)
    return JSONResponse(body, status_code=200 if passed else 503)


# The type that FastAPI declares for `responses`.
_PROMETHEUS: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/plain": {}},
        "description": "JSON, or Prometheus text by the header Accept",
    }
}


@router.get("/metrics", response_model=schema.Usage, responses=_PROMETHEUS, tags=["health"])
async def get_metrics(request: Request, models: Models) -> schema.Usage | Response:
    """Read latency and errors; `Accept: text/plain` selects all metrics as Prometheus text."""
    accept = request.headers.get("accept", "")
    if "text/plain" in accept and "application/json" not in accept:
        metrics: Metrics = request.app.state.metrics
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)
    return models.usage.summarise()
