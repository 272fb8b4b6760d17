"""The client core as WebAssembly and the native client, through the real server."""
import os
import socket
import unittest

from core_device import CoreDevice, CoreError
from harness import ServerCase, wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def written(page):
    """The texts, without the lines about the group."""
    return [message["text"] for message in page if "notice" not in message]


class Core(ServerCase):
    page_port = None

    def device(self, name, in_page=True):
        """`in_page`: where the class has a page; it has place for one device."""
        port = self.page_port if in_page else None
        device = CoreDevice(self.server, f"{type(self).__name__}-{self._testMethodName}-{name}", port)
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

    def files_both_ways(self, size, disturb):
        """`disturb` happens while the file is on its way."""
        oda, pia = self.pair("oda", "pia")
        folder = self.server.root / f"{type(self).__name__}-{self._testMethodName}"
        folder.mkdir()
        content = os.urandom(size)
        (folder / "up").write_bytes(content)
        oda.ok("send", "pia", "first")
        pia.wait_received(["first"])
        conversation = pia.call("conversationWith", "oda")["id"]
        number = pia.start_call("sendFile", conversation, "look", str(folder / "up"), "../a film.mp4", "video/mp4; x=y")
        pia.wait_event("fileProgress")
        disturb()
        message = pia.wait_answer(number, 120)
        self.assertEqual(self.listen(oda, 1), ["look"])
        shown = [line for line in oda.json("files", "pia") if line["type"] == "message"][-1]
        self.assertEqual(shown["message_id"], message)
        file, = shown["files"]
        self.assertEqual((file["name"], file["media_type"], file["size"]), ("a film.mp4", "video/mp4", size))
        oda.ok("save", "pia", "last", "--output", str(folder / "native"))
        self.assertEqual((folder / "native").read_bytes(), content)

        oda.ok("send-file", "pia", str(folder / "up"), "--text", "and back")
        pia.wait_received(range(2))
        back = pia.call("history", "oda")[-1]
        self.assertEqual((back["text"], back["attachments"][0]["name"], back["attachments"][0]["scan"]),
                         ("and back", "up", "none"))
        number = pia.start_call("saveFile", conversation, back["ref"], 0, str(folder / "core"))
        disturb()
        self.assertEqual(pia.wait_answer(number, 120), "application/octet-stream")
        self.assertEqual((folder / "core").read_bytes(), content)
        usage = pia.call("fileUsage")
        self.assertGreaterEqual(usage["used"], size)
        with self.assertRaises(CoreError) as refused:
            pia.call("saveFile", conversation, back["ref"], 1, str(folder / "none"))
        self.assertEqual(refused.exception.code, "client.not_found")

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


    def members(self, names, device, group):
        found = {member["user"] for member in device.call("group", group)["members"]}
        return found == {device.call("findUser", name)["id"] for name in names}

    def chat_in_a_group(self):
        """Made by the native client, changed by both."""
        lea, max_ = self.pair("lea", "max")
        nina = self.cli("nina")
        nina.register("nina")
        lea.ok("group", "create", "the team", "max")
        group = max_.wait_event("groupJoined")["conversation"]
        lea.ok("send", "#the team", "hello from native")
        self.assertEqual(max_.wait_received(["hello"]), ["hello from native"])
        max_.call("sendIn", group, "hello from WebAssembly")
        self.assertEqual(self.listen(lea, 1), ["hello from WebAssembly"])
        native = lea.json("group", "members", "the team")[-1]
        self.assertEqual(native["code"], max_.call("group", group)["epochCode"])

        max_.call("addToGroup", group, ["nina"])
        max_.call("renameGroup", group, "the whole team")
        max_.call("sendIn", group, "welcome")
        self.assertEqual(self.listen(nina, 1), ["welcome"])
        self.assertEqual(self.listen(lea, 1), ["welcome"])
        nina.ok("send", "#the whole team", "thanks")
        self.assertEqual(max_.wait_received(range(2))[-1], "thanks")
        self.assertTrue(self.members(["lea", "max", "nina"], max_, group))

        max_.call("removeFromGroup", group, ["nina"])
        max_.call("sendIn", group, "not for nina")
        self.assertEqual(self.listen(lea, 2), ["thanks", "not for nina"])
        self.assertNotIn("not for nina", [line.get("text") for line in nina.json("listen", "--once", "--timeout", "20")])
        self.assertEqual(written(max_.call("page", group)),
                         ["hello from native", "hello from WebAssembly", "welcome", "thanks", "not for nina"])

        max_.call("leaveGroup", group)
        lea.ok("listen", "--once", "--timeout", "20")
        self.assertEqual(max_.wait_event("groupLeft")["state"], "left")
        with self.assertRaises(CoreError) as gone:
            max_.call("sendIn", group, "too late")
        self.assertEqual(gone.exception.code, "client.not_in_group")

    def make_a_group_in_webassembly(self):
        olga, pit = self.pair("olga", "pit")
        quinn = self.device("quinn", in_page=False)
        quinn.register("quinn")
        group = pit.call("createGroup", "made in a page", ["olga", "quinn"])
        self.assertEqual(quinn.wait_event("groupJoined")["conversation"], group)
        wait_until(lambda: len(pit.call("group", group)["members"]) == 3, 20, "everybody to be in the group")
        pit.call("sendIn", group, "who is there?")
        self.assertEqual(self.listen(olga, 1), ["who is there?"])
        self.assertEqual(quinn.wait_received(["who"]), ["who is there?"])
        olga.ok("send", "#made in a page", "olga")
        quinn.call("sendIn", group, "quinn")
        self.assertEqual(sorted(pit.wait_received(range(2))), ["olga", "quinn"])
        listed = [one for one in quinn.call("conversations") if one["id"] == group]
        self.assertEqual([(one["kind"], one["name"], one["state"]) for one in listed],
                         [("group", "made in a page", "active")])
        # Both at once: the server takes one change an epoch, and neither person notices.
        ruth, sven = self.cli("ruth"), self.cli("sven")
        ruth.register("ruth")
        sven.register("sven")
        quinn.call("findUser", "sven")
        pit.start_call("addToGroup", group, ["ruth"])
        quinn.call("addToGroup", group, ["sven"])
        wait_until(lambda: len(pit.call("group", group)["members"]) == 5, 20, "both to be added")
        pit.call("sendIn", group, "all five")
        for cli in (ruth, sven):
            self.assertEqual(self.listen(cli, 1), ["all five"])


class Node(Core):
    def test_a_chat_both_ways_and_its_verification(self):
        self.chat_both_ways_and_verify()

    def test_what_was_sent_to_an_absent_device_comes_once_and_in_order(self):
        self.deliver_what_was_sent_meanwhile()

    def test_a_group_of_both_changes_and_reads(self):
        self.chat_in_a_group()

    def test_a_group_made_in_webassembly(self):
        self.make_a_group_in_webassembly()

    def test_files_both_ways_while_the_server_dies(self):
        def crash():
            self.server.kill()
            self.server.start()
        self.files_both_ways(20 << 20, crash)

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

    def test_a_new_device_in_webassembly_gets_the_old_messages(self):
        tom = self.cli("tom")
        tom.register("tom")
        uma = self.device("uma")
        uma.register("uma")
        texts = []
        for turn in range(3):
            texts += [f"tom {turn}", f"uma {turn}"]
            tom.ok("send", "uma", texts[-2])
            uma.send("tom", texts[-1])
            tom.ok("listen", "--count", "1", "--timeout", "20")
        tom.ok("group", "create", "old group", "uma")
        group = uma.wait_event("groupJoined")["conversation"]
        tom.ok("send", "#old group", "in the group")
        second = self.device("second")
        second.log_in("tom")
        tom.ok("devices", "approve", second.call("account")["device"], "--yes")
        wait_until(lambda: second.call("account")["membership"] == "approved", 30, "the approval")
        old = next(line for line in tom.json("devices") if line["this_device"])["device_id"]
        self.assertEqual(second.call("history", "uma"), [])

        def ask():
            second.call("requestHistory", old)
            code = lambda: next((one["code"] for one in second.call("historyTransfers")
                                 if one["state"] == "comparing"), None)
            tom.ok("listen", "--timeout", "3")  # the old device answers
            wait_until(lambda: code() is not None, 30, "the code")
            return code()

        ask()
        refused = tom.run("devices", "history", "send", "--code", "00000 00000")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("not the code", refused.stderr)
        self.assertEqual(second.call("history", "uma"), [])
        tom.ok("devices", "history", "send", "--code", ask())
        wait_until(lambda: second.call("historyTransfers")[0]["state"] == "done", 30, "the history")
        self.assertEqual([message["text"] for message in second.call("history", "uma")], texts)
        self.assertEqual({message["state"] for message in second.call("history", "uma")}, {"received"})
        self.assertEqual(written(second.call("page", group)), ["in the group"])

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

    def test_a_group_of_both_changes_and_reads(self):
        self.chat_in_a_group()

    def test_a_group_made_in_webassembly(self):
        self.make_a_group_in_webassembly()

    def test_files_both_ways(self):
        self.files_both_ways(9_000_000, lambda: None)


if __name__ == "__main__":
    unittest.main()
