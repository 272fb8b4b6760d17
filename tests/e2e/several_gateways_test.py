"""Two servers on one database and one NATS: people connected to either cannot tell them apart."""
import json
import time
import unittest

from harness import Cli, ServerCase, wait_until
from two_servers import TwoServers


def texts(entries):
    return [entry["text"] for entry in entries if "text" in entry]


class SeveralGateways(TwoServers, ServerCase):
    def person(self, server, name):
        cli = Cli(server, f"{self._testMethodName}-{name}")
        cli.register(name)
        return cli

    def listen(self, cli, *arguments):
        """A listener that is connected already: it has printed nothing yet, and the server counts its socket."""
        before = self.connections(cli.server)
        process = cli.start("listen", *arguments, json_output=True)
        self.addCleanup(self.end, process)
        wait_until(lambda: self.connections(cli.server) > before, what="the listener's connection")
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    @staticmethod
    def connections(server):
        _, _, body = server.request("GET", "/metrics")
        lines = (body if isinstance(body, str) else body.decode()).splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("gateway_connections_active"))

    def heard(self, process, timeout=20):
        out, err = process.communicate(timeout=timeout)
        self.assertEqual(process.returncode, 0, err)
        return texts(json.loads(line) for line in out.splitlines() if line.strip())

    def test_a_message_reaches_a_listener_at_the_other_server_at_once(self):
        anna, ben = self.person(self.server, "anna"), self.person(self.other, "ben")
        listener = self.listen(ben, "--count", "1", "--timeout", "30")
        anna.ok("send", "ben", "across")
        sent = time.monotonic()
        self.assertEqual(self.heard(listener), ["across"])
        self.assertLess(time.monotonic() - sent, 3, "it was fetched, not delivered")
        listener = self.listen(anna, "--count", "1", "--timeout", "30")
        ben.ok("send", "anna", "and back")
        self.assertEqual(self.heard(listener), ["and back"])

    def test_a_channel_spans_both(self):
        carla, dora = self.person(self.server, "carla"), self.person(self.other, "dora")
        carla.ok("channel", "create", "everywhere", "--public")
        dora.ok("channel", "join", "everywhere")
        listener = self.listen(carla, "--count", "1", "--timeout", "30")
        dora.ok("send", "#everywhere", "from the other server")
        self.assertEqual(self.heard(listener), ["from the other server"])

    def test_a_group_of_many_devices_hears_at_once_at_both_servers(self):
        # More than are told one by one (kFewDevices of messaging/device_events.h).
        here = [self.person(self.server, f"here{number}") for number in range(6)]
        there = [self.person(self.other, f"there{number}") for number in range(6)]
        names = [cli.username for cli in here[1:] + there]
        here[0].ok("group", "create", "many", *names)
        for round, sender in enumerate((here[0], there[0])):
            listeners = [self.listen(cli, "--count", "1", "--timeout", "60") for cli in here + there if cli != sender]
            time.sleep(3)  # until all of them are in the group
            sender.ok("send", "#many", f"round {round}")
            sent = time.monotonic()
            for listener in listeners:
                self.assertEqual(self.heard(listener), [f"round {round}"])
            self.assertLess(time.monotonic() - sent, 5, "it was fetched, not delivered")

    def test_a_revoked_device_is_cut_off_at_the_other_server(self):
        emil = self.person(self.server, "emil")
        phone = Cli(self.other, "emils-phone")
        phone.login("emil")
        pending = next(device for device in emil.json("devices") if device.get("state") == "pending")
        emil.ok("devices", "approve", "--yes", pending["device_id"])
        listener = self.listen(phone, "--timeout", "60")
        emil.ok("devices", "revoke", "--yes", pending["device_id"])
        revoked = time.monotonic()
        listener.communicate(timeout=20)
        self.assertLess(time.monotonic() - revoked, 2)
        self.assertNotEqual(listener.returncode, 0)

    def test_what_was_accepted_by_a_server_that_dies_is_delivered_by_the_other(self):
        frida, gerd = self.person(self.other, "frida"), self.person(self.server, "gerd")
        sent = [f"before the end {number}" for number in range(5)]
        for text in sent:
            frida.ok("send", "gerd", text)
        self.other.kill()
        try:
            self.assertEqual(texts(gerd.json("listen", "--count", "5", "--timeout", "20")), sent)
            # The person goes on at the server that is left.
            frida.server = self.server
            gateway = f"wss://127.0.0.1:{self.server.gateway_port}{self.server.gateway_path}"
            frida.ok("--gateway", gateway, "send", "gerd", "still here")
            self.assertEqual(texts(gerd.json("listen", "--count", "1", "--timeout", "20")), ["still here"])
        finally:
            self.other.start()


if __name__ == "__main__":
    unittest.main()
