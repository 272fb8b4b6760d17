"""The client core as WebAssembly and the native client, through the real server."""
import socket
import unittest

from core_device import CoreDevice, CoreError
from harness import ServerCase, wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Core(ServerCase):
    page_port = None

    def device(self, name):
        device = CoreDevice(self.server, f"{type(self).__name__}-{self._testMethodName}-{name}", self.page_port)
        self.addCleanup(device.kill)
        return device.start()

    def pair(self, native, core):
        """A native user and one in WebAssembly, both registered."""
        cli = self.cli(native)
        cli.register(native)
        device = self.device(core)
        device.register(core)
        return cli, device

    def texts(self, cli, peer):
        return [message["text"] for message in cli.json("history", peer)]

    def listen(self, cli, count):
        return [line["text"] for line in cli.json("listen", "--count", str(count), "--timeout", "30")
                if line["type"] == "message"]

    def chat_both_ways_and_verify(self):
        ann, bob = self.pair("ann", "bob")
        ann.ok("send", "bob", "hello from native")
        self.assertEqual(bob.wait_received(["hello"]), ["hello from native"])
        bob.send("ann", "hello from WebAssembly: \u00fc \U0001f642")
        self.assertEqual(self.listen(ann, 1), ["hello from WebAssembly: \u00fc \U0001f642"])
        for turn in range(4):
            ann.ok("send", "bob", f"native {turn}")
            bob.send("ann", f"wasm {turn}")
        received = bob.wait_received(range(5))
        self.assertEqual(received, ["hello from native"] + [f"native {turn}" for turn in range(4)])
        self.assertEqual(self.listen(ann, 4), [f"wasm {turn}" for turn in range(4)])

        native = next(line for line in ann.json("verify", "bob") if line["type"] == "safety_number")
        number = bob.call("safetyNumber", "ann")
        self.assertEqual(native["safety_number"], number["digits"])
        self.assertEqual(number["trust"], "first_use")
        bob.call("setVerified", "ann", True)
        self.assertEqual(bob.call("findUser", "ann")["trust"], "verified")

    def deliver_what_was_sent_meanwhile(self):
        cleo, dan = self.pair("cleo", "dan")
        cleo.ok("send", "dan", "one")
        dan.wait_received(["one"])
        dan.stop()
        for text in ("two", "three", "four"):
            cleo.ok("send", "dan", text)
        dan.start()
        dan.call("connect")
        self.assertEqual(dan.wait_received(range(3)), ["two", "three", "four"])
        # cleo's program does not run now.
        for text in ("five", "six"):
            dan.send("cleo", text)
        self.assertEqual(self.listen(cleo, 2), ["five", "six"])
        history = [message["text"] for message in dan.call("history", "cleo")]
        self.assertEqual(history, ["one", "two", "three", "four", "five", "six"])
        self.assertEqual(self.texts(cleo, "dan"), history)


class Node(Core):
    def test_a_chat_both_ways_and_its_verification(self):
        self.chat_both_ways_and_verify()

    def test_what_was_sent_to_an_absent_device_comes_once_and_in_order(self):
        self.deliver_what_was_sent_meanwhile()

    def test_a_crash_loses_nothing_and_shows_nothing_twice(self):
        eve, fay = self.pair("eve", "fay")
        sent = []
        for round_ in range(4):
            for part in range(3):
                sent.append(f"{round_}.{part}")
                eve.ok("send", "fay", sent[-1])
                if part == 1:
                    fay.kill()
            fay.start()
            fay.call("connect")
        fay.call("settled")
        self.assertEqual([message["text"] for message in fay.call("history", "eve")], sent)
        fay.send("eve", "still here")
        self.assertEqual(self.listen(eve, 1), ["still here"])

    def test_a_native_device_approves_one_in_webassembly(self):
        gil = self.cli("gil")
        gil.register("gil")
        hal = self.device("hal")
        hal.register("hal")
        second = self.device("second")
        second.log_in("gil")
        account = second.call("account")
        self.assertEqual(account["membership"], "pending")
        pending = next(line for line in gil.json("devices") if line["device_id"] == account["device"])
        self.assertEqual(pending["fingerprint"], account["fingerprint"])
        gil.ok("devices", "approve", account["device"], "--yes")
        wait_until(lambda: second.call("account")["membership"] == "approved", 30, "the approval")
        hal.send("gil", "to both devices")
        self.assertEqual(second.wait_received(["to both devices"]), ["to both devices"])
        self.assertEqual(self.listen(gil, 1), ["to both devices"])

    def test_the_servers_death_is_outlived(self):
        ivy, jon = self.pair("ivy", "jon")
        ivy.ok("send", "jon", "before")
        jon.wait_received(["before"])
        self.server.kill()
        jon.wait_event("disconnected")
        self.server.start()
        jon.call("settled", 60_000)
        ivy.ok("send", "jon", "after")
        self.assertEqual(jon.wait_received(range(2)), ["before", "after"])

    def test_refusals_have_their_codes(self):
        kim = self.device("kim")
        kim.register("kim")
        with self.assertRaises(CoreError) as unknown:
            kim.call("findUser", "nobody-at-all")
        self.assertEqual(unknown.exception.code, "client.not_found")
        with self.assertRaises(CoreError) as twice:
            kim.call("register", {"username": "kim2", "password": "correct horse battery staple"}, "x")
        self.assertEqual(twice.exception.code, "client.already_enrolled")
        other = self.device("other")
        with self.assertRaises(CoreError) as wrong:
            other.call("logIn", {"username": "kim", "password": "something else"}, "x")
        self.assertNotEqual(wrong.exception.code, "")


class Chromium(Core):
    """The same with the core in a worker of a page, whose origin the gateway allows."""

    @classmethod
    def setUpClass(cls):
        cls.page_port = free_port()
        cls.server_settings = {"gateway.allowed_origins": f"http://localhost:{cls.page_port}"}
        super().setUpClass()

    def test_a_chat_both_ways_and_its_verification(self):
        self.chat_both_ways_and_verify()

    def test_what_was_sent_to_an_absent_device_comes_once_and_in_order(self):
        self.deliver_what_was_sent_meanwhile()


if __name__ == "__main__":
    unittest.main()
