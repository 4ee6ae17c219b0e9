"""Settings of the embedding service."""

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

from domain_services.kernel.settings import KernelSettings, Port


class ModelSettings(BaseModel):
    """Models that may serve (`DSM_EMBEDDING__OLLAMA_URL`, `DSM_EMBEDDING__LOCAL_MODEL`, ...)."""

    model_config = ConfigDict(frozen=True)

    ollama_url: HttpUrl | None = Field(
        default=None, description="Ollama server with mxbai-embed-large; none: local model"
    )
    ollama_budget_seconds: float = Field(
        default=5.0, gt=0, le=60, description="longest wait for one call of at most 8 texts"
    )
    recheck_seconds: float = Field(
        default=30.0, gt=0, le=600, description="pause between two probes of Ollama"
    )
    local_model: bool = Field(
        default=True, description="serve by the local model while Ollama does not answer"
    )


class EmbeddingSettings(KernelSettings):
    """Settings of the embedding service, beside those of every service."""

    port: Port = Field(default=8105, description="port to listen on")
    embedding: ModelSettings = ModelSettings()
    # 256 texts of 10,000 characters, the most a batch may hold, at three bytes a character.
    max_body_bytes: int = Field(
        default=8 * 1024 * 1024, ge=1024, description="a larger request body is answered 413"
    )
