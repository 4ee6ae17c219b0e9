"""Settings of the chat and of the advisor."""

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

OLLAMA = HttpUrl("http://127.0.0.1:11434")


class ChatSettings(BaseModel):
    """Model of the chat and its limits (`DSM_CHAT__MODEL`, `DSM_CHAT__OLLAMA_URL`, ...)."""

    model_config = ConfigDict(frozen=True)

    model: str | None = Field(
        default=None, description="model of Ollama that can call tools; none: there is no chat"
    )
    ollama_url: HttpUrl = Field(default=OLLAMA, description="Ollama server of the chat")
    max_seconds: float = Field(
        default=120, gt=0, le=600, description="longest work on one message of a chat"
    )
    max_model_calls: int = Field(
        default=8, ge=1, le=50, description="calls of the model for one message"
    )
    max_tool_calls: int = Field(
        default=12, ge=0, le=100, description="calls of tools for one message"
    )
    max_tokens: int = Field(
        default=60_000, ge=100, description="tokens that are read and written for one message"
    )
    context_tokens: int = Field(
        default=16_384, ge=1024, description="context window that Ollama gives the model"
    )


class AdvisorSettings(BaseModel):
    """Model that comments on finished decisions (`DSM_ADVISOR__MODEL`, ...)."""

    model_config = ConfigDict(frozen=True)

    model: str | None = Field(
        default=None, description="model of Ollama that comments on decisions; none: nobody does"
    )
    ollama_url: HttpUrl = Field(default=OLLAMA, description="Ollama server of the advisor")
    max_seconds: float = Field(default=60, gt=0, le=600, description="longest work on one comment")
