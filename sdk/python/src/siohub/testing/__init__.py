"""A hub to test handlers against: in memory, without a port, a process or a browser.

    async def test_echo():
        async with testing.Hub() as hub:
            sio = make_server(options=hub.options)      # AsyncServer, or Service
            await sio.start()
            ann = await hub.connect(auth={"name": "ann"})
            assert await ann.call("echo", 5) == [5]

It is not the hub: there is one application, nothing is parked for long, no packet is written, and
what a policy or a cache says is not enforced. It keeps what handlers can notice of the contract:
order for each socket, one settlement for each delivery, rooms and users, data, acknowledgements
both ways and later. A connection can break and be taken up (Hub.cut), or be forgotten (Hub.drop).
"""

from .client import Client, ConnectError, NoReply
from .hub import Hub

__all__ = ["Client", "ConnectError", "Hub", "NoReply"]
