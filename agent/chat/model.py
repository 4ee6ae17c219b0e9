"""Model of the chat, and in words why there is none."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx

from domain_services.kernel.errors import Conflict, Unavailable
from tools.answers import visible

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel
    from ollama import ResponseError

SUGGESTED = "qwen3:4b"
_ASK_SECONDS = 3.0


class ChatUnavailable(Unavailable):
    """Absence of a model; the text says what to set or to pull."""

    code = "chat_unavailable"
    title = "There is no model to chat with"


class ChatNotSet(Conflict):
    """Lack of a setting or package; the text says what to set or to install."""

    # No outage: asking again helps nobody before somebody has set it.
    code = "chat_not_set"
    title = "No model is set to chat with"


def model_name(model: str | None, setting: str) -> str:
    """Return the model of the settings. Raises: `ChatNotSet` without one."""
    if model is None:
        raise ChatNotSet(
            f"no model is set for this; set {setting}={SUGGESTED}, and get it by: ollama pull"
            f" {SUGGESTED}"
        )
    return model


async def check_ollama(url: str, model: str, setting: str) -> None:
    """Check that Ollama answers and has the model. Raises: `ChatUnavailable`."""
    base = url.rstrip("/")
    try:
        async with httpx.AsyncClient(timeout=_ASK_SECONDS, trust_env=False) as http:
            answer = await http.get(f"{base}/api/tags")
            answer.raise_for_status()
            names = [str(entry["model"]) for entry in answer.json()["models"]]
    except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
        raise ChatUnavailable(
            f"Ollama does not answer at {base}: start it by `ollama serve`, or set {setting} to"
            " where it runs"
        ) from error
    # Ollama names the default tag; people leave it out.
    wanted_name = model if ":" in model else f"{model}:latest"
    if wanted_name not in names:
        raise ChatUnavailable(
            f"Ollama at {base} does not have the model {model}; get it by: ollama pull {model}"
        )


@asynccontextmanager
async def open_model(url: str, model: str, context_tokens: int) -> "AsyncIterator[BaseChatModel]":
    """Open the client of a model of Ollama."""
    from langchain_ollama import ChatOllama

    client = ChatOllama(
        model=model,
        base_url=url.rstrip("/"),
        num_ctx=context_tokens,
        temperature=0,
        client_kwargs={"trust_env": False},
    )
    try:
        yield client
    finally:
        # It has no way to close its connections itself.
        await client._async_client.close()  # pyright: ignore[reportPrivateUsage]
        client._client.close()  # pyright: ignore[reportPrivateUsage]


def trouble_in_words(error: Exception, model: str) -> ChatUnavailable:
    """Explain why a call of the model gave no answer."""
    from ollama import ResponseError

    if isinstance(error, ResponseError):
        return ChatUnavailable(_refusal_in_words(error, model))
    if isinstance(error, ConnectionError | httpx.HTTPError):
        return ChatUnavailable("the connection to Ollama was lost; see that it runs, and try again")
    return ChatUnavailable(
        f"the answer of {model} cannot be read ({type(error).__name__}); try again, or set another"
        f" model that can call tools, such as {SUGGESTED}"
    )


def describe(error: Exception) -> str:
    """Describe a failure of a model in one line, for the log."""
    return visible(f"{type(error).__name__}: {error}"[:300])


def _refusal_in_words(error: "ResponseError", model: str) -> str:
    if "does not support tools" in error.error:
        return f"the model {model} cannot call tools; set another one, such as {SUGGESTED}"
    if error.status_code == 404:
        return f"Ollama does not have the model {model}; get it by: ollama pull {model}"
    # It may repeat what a hostile title hides from a terminal.
    return f"Ollama refused the call of {model}: {visible(error.error[:300])}; try again"
