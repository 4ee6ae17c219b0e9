"""Selection of the serving model: Ollama while it answers, otherwise the local one."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from domain_services.embedding.engines.port import Engine, EngineFailed, RemoteEngine, Vector
from domain_services.kernel.background import Loop, every
from domain_services.kernel.errors import Unavailable

logger = structlog.get_logger()


def pause_seconds(failures: int, most: float) -> float:
    """Double the pause before the next probe with each failure in a row: 1, 2, 4 s ... `most`."""
    # The exponent is capped, because 2.0 ** 1024 overflows.
    return min(2.0 ** min(failures - 1, 10), most)


@dataclass(frozen=True)
class Embedded:
    """Embedded texts."""

    vectors: list[Vector]
    """One vector a text, in order: float[1024], unit length."""
    model: str
    """Model that made all vectors."""


class Selection:
    """Available models. `loop` probes Ollama in the background: requests never wait for a probe.

    Ollama serves after a good probe, until its first failure. Failures without a served request in
    between double the pause before the next probe, up to `recheck_seconds`. A server that answers
    nothing but probes therefore does not slow every request.
    """

    def __init__(
        self,
        ollama: RemoteEngine | None,
        local: Engine | None,
        *,
        recheck_seconds: float,
        on_failure: Callable[[EngineFailed], None],
    ) -> None:
        self._ollama = ollama
        self._local = local
        self._recheck_seconds = recheck_seconds
        self._on_failure = on_failure
        self._serving_ollama: RemoteEngine | None = None
        self._failures = 0
        self._recheck_now = asyncio.Event()
        self._must_pause = False
        self.probed = asyncio.Event()

    @property
    def ollama_available(self) -> bool:
        """True after a good probe, until the first failure."""
        return self._serving_ollama is not None

    @property
    def local_model_available(self) -> bool:
        """True when the local model is loaded."""
        return self._local is not None

    @property
    def model(self) -> str | None:
        """Name of the model that serves next; None when there is none."""
        engine = self._serving_ollama or self._local
        return engine.name if engine else None

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Embed the whole batch with one model. Raises: `Unavailable`."""
        if (ollama := self._serving_ollama) is not None:
            try:
                vectors = await ollama.embed(texts)
            except EngineFailed as error:
                self._on_failure(error)
                self._stop_using_ollama(error)
                if self._local is None:
                    raise
            else:
                self._failures = 0
                return Embedded(vectors, ollama.name)
        # The whole batch again: vectors of two models must not be mixed in one answer.
        return await self._embed_locally(texts)

    async def _embed_locally(self, texts: Sequence[str]) -> Embedded:
        if self._local is None:
            raise Unavailable(
                "no embedding model is available: start Ollama or install the local model"
            )
        return Embedded(await self._local.embed(texts), self._local.name)

    def _stop_using_ollama(self, error: EngineFailed) -> None:
        if self._serving_ollama is not None:
            self._serving_ollama = None
            self._failures += 1
            self._must_pause = True
            self._recheck_now.set()
            logger.warning("embedding.ollama_lost", reason=error.reason, error=error.detail)

    def loop(self) -> Loop:
        """Return the loop that probes Ollama."""
        return every(
            self._recheck_seconds, self._recheck, name="embedding models", wake=self._recheck_now
        )

    async def _recheck(self) -> None:
        """Probe Ollama; after a failure only when its pause is over."""
        if self._ollama is None:
            return
        if self._must_pause:
            self._must_pause = False
            await asyncio.sleep(pause_seconds(self._failures, self._recheck_seconds))
        await self._probe(self._ollama)
        self.probed.set()

    async def _probe(self, ollama: RemoteEngine) -> None:
        try:
            await ollama.probe()
        except EngineFailed as error:
            if self._serving_ollama is not None or not self.probed.is_set():
                logger.warning("embedding.ollama_lost", reason=error.reason, error=error.detail)
            self._serving_ollama = None
        else:
            if self._serving_ollama is None:
                logger.info("embedding.ollama_found", model=ollama.name)
            self._serving_ollama = ollama
