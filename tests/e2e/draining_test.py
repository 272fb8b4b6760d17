"""A server that is told to stop: MQTT clients hear where to go, nobody new comes in, and what was acknowledged is there
after the next start."""
import signal
import socket
import struct
import threading
import time
import unittest

from harness import Server
from mqtt_test import PATIENCE, Peer

ELSEWHERE = "other.example:8883"
CONNACK, DISCONNECT = 0x20, 0xe0


def text(value):
    return struct.pack(">H", len(value)) + value.encode()


class RawClient:
    """Bytes on a socket, so that what the server says is seen as it is."""

    def __init__(self, server, version, name, token):
        self.socket = socket.create_connection(("127.0.0.1", server.mqtt_port), PATIENCE)
        body = (text("MQTT") + bytes([version, 0xc2, 0, 0]) + (b"\0" if version == 5 else b"") + text(name) +
                text("token") + text(token))
        self.socket.sendall(b"\x10" + bytes([len(body) % 128 | 128, len(body) // 128]) + body)

    def packet(self):
        """The next packet as (first byte, body); nothing when the server has closed."""
        head = self.socket.recv(2, socket.MSG_WAITALL)
        return (head[0], self.socket.recv(head[1], socket.MSG_WAITALL)) if head else None

    def close(self):
        self.socket.close()


class Publisher(threading.Thread):
    """Sends QoS 1 for as long as it is heard, and knows what was acknowledged."""

    def __init__(self, peer, topic):
        super().__init__(daemon=True)
        self.peer, self.topic, self.payloads = peer, topic, {}

    def run(self):
        while not self.peer.ended:
            payload = f"m{len(self.payloads)}"
            self.payloads[self.peer.publish(self.topic, payload)] = payload
            time.sleep(0.001)

    def acknowledged(self):
        return {self.payloads[mid] for mid in list(self.peer.acknowledged) if mid in self.payloads}


class Draining(unittest.TestCase):
    def serve(self, **settings):
        server = Server(settings={f"automation.{name}": value for name, value in settings.items()}).start()
        self.addCleanup(server.close)
        self.token = server.set_up()["access_token"]
        return server

    def raw(self, server, version, name):
        client = RawClient(server, version, name, self.token)
        self.addCleanup(client.close)
        return client

    def connected(self, server, version, name):
        client = self.raw(server, version, name)
        kind, body = client.packet()
        self.assertEqual((kind, body[1]), (CONNACK, 0))
        return client

    def peer(self, server, name, **options):
        peer = Peer(server, server.mqtt_port, name, token=self.token, **options)
        self.addCleanup(peer.vanish)
        self.assertEqual(peer.connack[0], 0)
        return peer

    def told_and_refused(self, told, refused, reference, **settings):
        """Stops a server under raw clients of two versions: what those that are there and those that come hear."""
        server = self.serve(mqtt_drain="2s", **settings)
        modern, old = self.connected(server, 5, "modern"), self.connected(server, 4, "old")
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_log("mqtt.draining")
        kind, body = self.raw(server, 5, "late").packet()
        self.assertEqual((kind, body[1]), (CONNACK, refused))
        where = b"\x1c" + text(reference) if reference else b""
        self.assertEqual(body[3:], where)
        self.assertEqual(self.raw(server, 4, "late and old").packet(), (CONNACK, b"\0\3"))
        kind, body = modern.packet()
        self.assertEqual((kind, body[0]), (DISCONNECT, told))
        self.assertEqual(body[2:], where)
        self.assertIsNone(modern.packet())
        self.assertIsNone(old.packet())
        self.assertEqual(server.process.wait(PATIENCE), 0)

    def test_clients_are_sent_to_another_server(self):
        self.told_and_refused(0x9c, 0x9c, ELSEWHERE, mqtt_server_reference=ELSEWHERE)

    def test_clients_are_sent_to_another_server_for_good(self):
        self.told_and_refused(0x9d, 0x9d, ELSEWHERE, mqtt_server_reference=ELSEWHERE, mqtt_server_moved="true")

    def test_clients_are_told_that_the_server_stops(self):
        self.told_and_refused(0x8b, 0x88, "")

    def test_browsers_are_told_too(self):
        server = self.serve(mqtt_server_reference=ELSEWHERE)
        browser = Peer(server, server.gateway_port, "browser", token=self.token, transport="websockets")
        self.addCleanup(browser.vanish)
        self.assertEqual(browser.connack[0], 0)
        self.assertEqual(server.stop(), 0)
        self.assertTrue(browser.wait(lambda: browser.ended), "it was not told")
        self.assertEqual(browser.ended[0][1].value, 0x9c)

    def test_a_client_without_a_word_does_not_keep_the_server_up(self):
        server = self.serve()
        with socket.create_connection(("127.0.0.1", server.mqtt_port), PATIENCE):
            started = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - started, 5)

    def test_nothing_acknowledged_is_lost_under_traffic(self):
        server = self.serve(mqtt_drain="1s", mqtt_server_reference=ELSEWHERE)
        keeper = self.peer(server, "keeper", clean=False)
        self.assertEqual(keeper.subscribe("work/#"), 1)
        keeper.close()
        publishers = [Publisher(self.peer(server, f"publisher{number}"), f"work/{number}") for number in range(4)]
        for publisher in publishers:
            publisher.start()
        for publisher in publishers:
            self.assertTrue(publisher.peer.wait(lambda peer=publisher.peer: len(peer.acknowledged) > 50))
        server.process.send_signal(signal.SIGTERM)
        for publisher in publishers:
            self.assertTrue(publisher.peer.wait(lambda peer=publisher.peer: peer.ended), "it was not told")
            self.assertEqual(publisher.peer.ended[0][1].value, 0x9c)
            publisher.join(PATIENCE)
            publisher.peer.client.loop_stop()
        self.assertEqual(server.process.wait(PATIENCE), 0)
        ends = sorted(publisher.peer.ended[0][0] for publisher in publishers)
        self.assertGreater(ends[-1] - ends[0], 0.3, "all at once")
        server.start()
        again = self.peer(server, "keeper", clean=False)
        self.assertEqual(again.connack, (0, 1))
        wanted = {(publisher.topic, payload) for publisher in publishers for payload in publisher.acknowledged()}
        self.assertGreater(len(wanted), 200)

        def came():
            return {(message.topic, message.payload.decode()) for message in again.got}
        again.wait(lambda: wanted <= came())
        self.assertEqual(wanted - came(), set())


if __name__ == "__main__":
    unittest.main()
