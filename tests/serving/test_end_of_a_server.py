"""The server of the tests closes every connection that it has accepted."""

import asyncio
import socket

import pytest
from fastapi import FastAPI

from tests.conftest import serving
from tests.ports import free_port


@pytest.mark.parametrize("turns", range(8))
async def test_connection_that_is_being_accepted_as_the_server_ends_is_closed(turns: int) -> None:
    port = free_port()
    with socket.socket() as peer:
        async with serving(FastAPI(), port):
            peer.connect(("127.0.0.1", port))
            for _ in range(turns):
                await asyncio.sleep(0)
        peer.setblocking(False)
        try:
            async with asyncio.timeout(20):
                received = await asyncio.get_running_loop().sock_recv(peer, 1)
        except ConnectionResetError:  # it was not accepted
            received = b""
        assert received == b""
