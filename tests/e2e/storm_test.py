"""A crowd that comes back at once after a restart (a hundred clients of the same address and thousands differ in nothing but
number): told to spread, admitted in turn, and each takes up where it was."""
import asyncio
import time
import unittest

import websockets

from harness import PASSWORD, ServerCase
from protocol import CLOSING, HELLO, Device, decode, first

CROWD = 400


class Storm(ServerCase):
    server_settings = {"limits.connections_per_ip": "off", "limits.connections_per_user": "off",
                       "gateway.reconnect_spread": "5s"}

    async def connect(self):
        return await websockets.connect(
            f"wss://127.0.0.1:{self.server.gateway_port}/v1/ws", ssl=self.context,
            subprotocols=["unhidra.v1", f"bearer.{self.device.access}"], open_timeout=60, ping_interval=None)

    async def greeted(self):
        socket = await self.connect()
        hello = decode(await asyncio.wait_for(socket.recv(), 60))
        self.assertIn(HELLO, hello)
        return socket, first(decode(first(hello, HELLO)), 6, 0)

    async def told_to_spread(self, socket):
        """How long it is asked to stay away, and the close code."""
        delay = None
        try:
            while True:
                frame = decode(await asyncio.wait_for(socket.recv(), 30))
                if CLOSING in frame:
                    delay = first(decode(first(frame, CLOSING)), 2, 0)
        except websockets.ConnectionClosed as closed:
            return delay, closed.rcvd.code if closed.rcvd else None

    async def storm(self):
        crowd = [socket for socket, _ in await asyncio.gather(*(self.greeted() for _ in range(CROWD)))]
        ends = [asyncio.ensure_future(self.told_to_spread(socket)) for socket in crowd]
        await asyncio.get_running_loop().run_in_executor(None, self.server.stop)
        ends = await asyncio.gather(*ends)
        self.server.start()
        began = time.monotonic()
        # Worse than asked: nobody waits.
        back = await asyncio.gather(*(self.greeted() for _ in range(CROWD)))
        took = time.monotonic() - began
        await asyncio.gather(*(socket.close() for socket, _ in back))
        return ends, [head for _, head in back], took

    def test_everybody_is_told_to_spread_and_comes_back_to_where_he_was(self):
        self.context = self.server.ssl_context()
        peer = Device(self.server, "peer", PASSWORD).ready()
        self.device = Device(self.server, "crowd", PASSWORD).ready()
        conversation = peer.open_direct(self.device.user_id)
        for _ in range(3):
            peer.send(conversation, [self.device.device_id], b"ciphertext")
        peer.close()
        self.device.close()
        ends, heads, took = asyncio.run(self.storm())
        delays = [delay for delay, _ in ends]
        self.assertEqual({code for _, code in ends}, {1012})
        self.assertTrue(all(0 <= delay <= 5000 for delay in delays), delays)
        self.assertGreater(max(delays) - min(delays), 2500, "spread over the time that the setting gives")
        self.assertGreater(len(set(delays)), CROWD // 4)
        # Each is told how far its inbox reaches, so it fetches what it lacks and nothing else.
        self.assertEqual(set(heads), {3})
        self.assertLess(took, 60)
        self.device.connect()
        self.addCleanup(self.device.close)
        lacking, head = self.device.inbox(after=2)
        self.assertEqual((len(lacking), head), (1, 3))


if __name__ == "__main__":
    unittest.main()
