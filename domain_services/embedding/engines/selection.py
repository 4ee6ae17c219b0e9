"""Which model serves: Ollama while it answers, otherwise the local one."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from domain_services.embedding.engines.port import Engine, EngineFailed, RemoteEngine, Vector
from domain_services.kernel.background import Loop, every
from domain_services.kernel.errors import Unavailable

logger = structlog.get_logger()


def pause_seconds(failures: int, most: float) -> float:
    """The pause before Ollama is probed after the nth failure in a row: 1, 2, 4 s ... `most`."""
    return min(2.0 ** min(failures - 1, 10), most)


@dataclass(frozen=True)
class Embedded:
    """One vector a text, all made by `model`: float[1024], unit length."""

    vectors: list[Vector]
    model: str


class Selection:
    """The models at hand. Requests never wait for a probe: `loop` makes them beside.

    Ollama is trusted after a good probe and distrusted after one failure. Failures without a
    served request in between double the pause before it is probed again, up to `recheck_seconds`,
    so that a server that answers probes only does not slow every request.
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
        self._trusted: RemoteEngine | None = None
        self._failures = 0
        self._doubt = asyncio.Event()
        self._is_doubted = False
        self.probed = asyncio.Event()

    @property
    def ollama_available(self) -> bool:
        return self._trusted is not None

    @property
    def local_model_available(self) -> bool:
        return self._local is not None

    @property
    def model(self) -> str | None:
        """The model that serves next; None when there is none."""
        serving = self._trusted or self._local
        return serving.name if serving else None

    async def embed(self, texts: Sequence[str]) -> Embedded:
        """Embed the whole batch with one model. Raises: `Unavailable`."""
        if (ollama := self._trusted) is not None:
            try:
                vectors = await ollama.embed(texts)
            except EngineFailed as error:
                self._on_failure(error)
                self._distrust(error)
                if self._local is None:
                    raise
            else:
                self._failures = 0
                return Embedded(vectors, ollama.name)
        return await self._embed_locally(texts)

    async def _embed_locally(self, texts: Sequence[str]) -> Embedded:
        if self._local is None:
            raise Unavailable(
                "no embedding model is available: Ollama does not answer, no local model"
            )
        return Embedded(await self._local.embed(texts), self._local.name)

    def _distrust(self, error: EngineFailed) -> None:
        if self._trusted is not None:
            self._trusted = None
            self._failures += 1
            self._is_doubted = True
            self._doubt.set()
            logger.warning("embedding.ollama_lost", reason=error.reason, error=error.detail)

    def loop(self) -> Loop:
        """Return the loop that keeps the choice of model true."""
        return every(
            self._recheck_seconds, self._recheck, name="embedding models", wake=self._doubt
        )

    async def _recheck(self) -> None:
        """Probe Ollama; after a failure only when its pause is over."""
        if self._ollama is None:
            return
        if self._is_doubted:
            self._is_doubted = False
            await asyncio.sleep(pause_seconds(self._failures, self._recheck_seconds))
        await self._probe(self._ollama)
        self.probed.set()

    async def _probe(self, ollama: RemoteEngine) -> None:
        try:
            await ollama.probe()
        except EngineFailed as error:
            if self._trusted is not None or not self.probed.is_set():
                logger.warning("embedding.ollama_lost", reason=error.reason, error=error.detail)
            self._trusted = None
        else:
            if self._trusted is None:
                logger.info("embedding.ollama_found", model=ollama.name)
            self._trusted = ollama
