"""Two servers on one database and one NATS: what is revoked at one ends at the other within a second."""
import base64
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
