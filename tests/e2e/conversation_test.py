"""People and devices write to each other through the real server with the real client."""
import json
import unittest

from databases import OnPostgreSQL
from harness import Cli, Server, ServerCase, wait_until


def texts(entries):
    return [entry["text"] for entry in entries if "text" in entry]


class Conversation(ServerCase):
    def test_two_people_write_both_ways(self):
        alice, bob = self.cli("alice"), self.cli("bob")
        alice.register("anna")
        bob.register("ben")
        alice.ok("send", "ben", "Hello Ben")
        self.assertEqual(texts(bob.json("listen", "--count", "1", "--timeout", "20")), ["Hello Ben"])
        bob.ok("send", "anna", "Hello Anna \N{WAVING HAND SIGN}")
        self.assertEqual(texts(alice.json("listen", "--count", "1", "--timeout", "20")),
                         ["Hello Anna \N{WAVING HAND SIGN}"])

    def test_messages_sent_while_offline_arrive_in_order_and_once(self):
        alice, bob = self.cli("alice"), self.cli("bob")
        alice.register("anton")
        bob.register("berta")
        sent = [f"message {number}" for number in range(5)]
        for text in sent:
            alice.ok("send", "berta", text)
        self.assertEqual(texts(bob.json("listen", "--count", "5", "--timeout", "20")), sent)
        self.assertEqual(texts(bob.json("history", "anton")), sent)
        self.assertEqual(texts(bob.json("listen", "--once", "--timeout", "20")), [])

    def test_a_second_device_needs_approval_and_then_takes_part(self):
        laptop, phone, bob = self.cli("laptop"), self.cli("phone"), self.cli("bob")
        laptop.register("carla")
        bob.register("dora")
        phone.login("carla")
        pending = [device for device in laptop.json("devices") if device.get("state") == "pending"]
        self.assertEqual(len(pending), 1)
        laptop.ok("devices", "approve", "--yes", pending[0]["device_id"])
        bob.ok("send", "carla", "to both")
        self.assertEqual(texts(laptop.json("listen", "--count", "1", "--timeout", "20")), ["to both"])
        self.assertEqual(texts(phone.json("listen", "--count", "1", "--timeout", "20")), ["to both"])
        phone.ok("send", "dora", "from the phone")
        self.assertEqual(texts(bob.json("listen", "--count", "1", "--timeout", "20")), ["from the phone"])
        self.assertIn("from the phone", texts(laptop.json("listen", "--count", "1", "--timeout", "20")))

    def test_safety_numbers_are_equal_on_both_sides_and_differ_between_pairs(self):
        alice, bob, eve = self.cli("alice"), self.cli("bob"), self.cli("eve")
        for device, name in ((alice, "emil"), (bob, "frida"), (eve, "eve")):
            device.register(name)
        one = alice.json("verify", "frida")[0]["safety_number"]
        two = bob.json("verify", "emil")[0]["safety_number"]
        other = alice.json("verify", "eve")[0]["safety_number"]
        self.assertEqual(one, two)
        self.assertNotEqual(one, other)
        self.assertEqual(len([digit for digit in one if digit.isdigit()]), 60)

    def test_who_listens_is_online_unless_hidden(self):
        alice, bob, cleo = self.cli("alice"), self.cli("bob"), self.cli("cleo")
        for device, name in ((alice, "ida"), (bob, "jan"), (cleo, "kai")):
            device.register(name)
        alice.ok("send", "jan", "hello")
        shown = lambda *names: {line["user"]: line["state"] for line in alice.json("presence", *names)}
        self.assertEqual(shown(), {"jan": "offline"})
        listening = [bob.start("listen"), cleo.start("listen", "--hidden")]
        try:
            wait_until(lambda: shown("jan", "kai") == {"jan": "online", "kai": "offline"}, 20, "jan to be online")
            self.assertIn("jan  online", alice.ok("presence"))
        finally:
            for process in listening:
                process.kill()
                process.communicate()
        # Told ten seconds late, so that a reconnect is not seen.
        wait_until(lambda: shown() == {"jan": "offline"}, 20, "jan to be offline")

    def test_the_server_stores_no_plaintext(self):
        alice, bob = self.cli("alice"), self.cli("bob")
        alice.register("gerda")
        bob.register("hans")
        secret = "the plaintext that must not be found"
        alice.ok("send", "hans", secret)
        self.assertStoredNowhere([secret], "gerda")
        stored = json.loads(self.server.admin("--json", "messages", "--limit", "5").stdout)
        self.assertGreater(int(stored[0]["bytes"]), len(secret))
        self.assertEqual(texts(bob.json("listen", "--count", "1", "--timeout", "20")), [secret])


class ConversationOnPostgreSQL(OnPostgreSQL, Conversation):
    pass


class Restart(unittest.TestCase):
    def test_messages_and_accounts_survive_kill_and_restart(self):
        server = Server()
        self.addCleanup(server.close)
        server.start()
        alice, bob = Cli(server, "alice"), Cli(server, "bob")
        alice.register("alice")
        bob.register("bob")
        alice.ok("send", "bob", "before the crash")
        server.kill()
        server.start()
        alice.ok("send", "bob", "after the crash")
        self.assertEqual(texts(bob.json("listen", "--count", "2", "--timeout", "20")),
                         ["before the crash", "after the crash"])
        self.assertEqual(server.stop(), 0)
        self.assertIn("every row is as it was written", server.admin("audit", "verify").stdout)


if __name__ == "__main__":
    unittest.main()
