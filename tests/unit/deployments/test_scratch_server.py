"""The temporary server's socket."""

import asyncio
import socket

from deployments.local.scratch_server import listening


def test_no_answer_waits_for_the_client_to_acknowledge_its_first_half() -> None:
    async def delays() -> bool:
        accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
        with listening() as taken:
            async with await asyncio.start_server(lambda _, writer: accepted.set_result(writer), sock=taken):
                _, client = await asyncio.open_connection(*taken.getsockname())
                server = await accepted
                delayed = not server.get_extra_info("socket").getsockopt(
                    socket.IPPROTO_TCP, socket.TCP_NODELAY
                )
                for side in (client, server):
                    side.close()
                    await side.wait_closed()
        return delayed

    assert not asyncio.run(delays())
