"""Two servers on one database and one NATS: what is revoked at one ends at the other within a second."""
import base64
import json
import time
import unittest

from devices import DeviceCase
from mqtt_test import Peer
from two_servers import TwoServers


class SeveralBrokers(TwoServers, DeviceCase):
    def peers(self, device, key):
        """The device at one server, and under a longer client id at the other."""
        out = [Peer(server, server.mqtts_port, device + suffix, self.path("cert.pem"), key)
               for server, suffix in ((self.server, ""), (self.other, "-second"))]
        for peer in out:
            self.addCleanup(peer.vanish)
            self.assertEqual(peer.connack[0], 0)
        return out

    def test_revoked_at_one_is_cut_off_at_both(self):
        device, key, shown = self.enrol()
        peers = self.peers(device, key)
        started = time.monotonic()
        self.assertEqual(self.rest("DELETE", f"/v1/iot-devices/{device}/certificates")[0], 204)
        for peer in peers:
            self.assertTrue(peer.wait(lambda peer=peer: peer.ended, 5), "still connected")
            self.assertLess(peer.ended[0][0] - started, 1.0)
        der = self.request(key, f"/CN={device}", self.uri(device))
        self.assertEqual(self.est("simplereenroll", der, *shown)[0], 401)

    def test_a_deleted_device_is_gone_from_both(self):
        device, key, _ = self.enrol()
        peers = self.peers(device, key)
        started = time.monotonic()
        self.assertEqual(self.server.request("DELETE", f"/v1/iot-devices/{device}", token=self.token)[0], 204)
        for peer in peers:
            self.assertTrue(peer.wait(lambda peer=peer: peer.ended, 5), "still connected")
            self.assertLess(peer.ended[0][0] - started, 1.0)

    def test_what_is_wanted_at_one_reaches_the_device_at_the_other(self):
        device, key, shown = self.enrol()
        peers = self.peers(device, key)
        for peer in peers:
            self.assertEqual(peer.subscribe(f"devices/{device}/twin/wanted"), 1)
        twin = f"/v1/iot-devices/{device}/twin"
        for number, (asked, reader) in enumerate(((self.server, self.other), (self.other, self.server)), start=1):
            status, _, kept = asked.request("PUT", twin, {"document": {"target": number}}, self.token, port=asked.devices_port)
            self.assertEqual(status, 200, kept)
            started = time.monotonic()
            for peer in peers:  # once each, whichever server it is at
                self.assertEqual(peer.payloads(number), [""] * number)
            self.assertLess(time.monotonic() - started, 1.0)
            # And what it then reads there is what is wanted.
            status, _, own = self.curl("/v1/device/twin", *shown, port=reader.devices_port)
            self.assertEqual((status, json.loads(own)["desired"]["document"]), (200, {"target": number}))

    def test_a_code_that_was_made_at_one_is_used_up_at_the_other(self):
        device = self.device()
        code = self.code(device)
        der = self.request(self.key())
        for port, expected in ((self.other.devices_port, 200), (self.server.devices_port, 401), (self.other.devices_port, 401)):
            answer = self.curl("/.well-known/est/simpleenroll", "-H", "Content-Type: application/pkcs10", "-u",
                               f"{device}:{code}", data=base64.encodebytes(der), port=port)
            self.assertEqual(answer[0], expected, port)


if __name__ == "__main__":
    unittest.main()
