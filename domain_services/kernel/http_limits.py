"""Limits of what a peer may do with a connection before a route sees its request."""

from pydantic import BaseModel, ConfigDict, Field


class HttpLimits(BaseModel):
    """Limits of connections, heads of requests and answers: docs/adr/0128-http-limits.md."""

    model_config = ConfigDict(frozen=True)

    header_bytes: int = Field(
        default=64 * 1024,
        ge=1024,
        description="a longer request line with its headers is answered 431; also bounds what a"
        " chunked body adds to its content",
    )
    headers: int = Field(default=100, ge=10, description="more headers are answered 431")
    header_seconds: float = Field(
        default=10, gt=0, description="headers that take longer to arrive are answered 408"
    )
    body_seconds: float = Field(
        default=30, gt=0, description="a body that takes longer to arrive is answered 408"
    )
    held_body_bytes: int = Field(
        default=64 * 1024 * 1024,
        ge=1024,
        description="bodies of all requests together; one caller has at most half, the next is"
        " answered 503",
    )
    idle_seconds: float = Field(
        default=60,
        gt=0,
        description="a connection without a request is closed after that; longer than any client"
        " keeps one, or it would be closed as it is used",
    )
    send_seconds: float = Field(
        default=30, gt=0, description="a peer that takes no byte of its answer for so long is cut"
    )
    linger_bytes: int = Field(
        default=16 * 1024 * 1024,
        ge=0,
        description="bytes of a refused request that are read and dropped, so that an ordinary"
        " client sees its answer and no reset connection",
    )
    linger_seconds: float = Field(
        default=10, gt=0, description="longest time for that, then the connection is closed"
    )
    connections: int = Field(
        default=4096, ge=1, description="open connections of a process to one service"
    )
    connections_per_peer: int = Field(
        default=1024,
        ge=1,
        description="open connections of one address, of one /64 for IPv6; all callers behind an"
        " ingress have its address",
    )
    idle_per_peer: int = Field(
        default=512,
        ge=1,
        description="idle connections of one address; the oldest is closed for a new one; above"
        " the 320 that ingress-nginx keeps",
    )
