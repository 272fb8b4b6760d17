"""Channels, threads, reactions, edits, deletions and receipts through the real server with the real client."""
import time
import unittest

from databases import OnPostgreSQL
from harness import ServerCase


def messages(entries):
    return [entry for entry in entries if entry.get("type") == "message"]


def texts(entries):
    return [entry["text"] for entry in messages(entries)]


class Channel(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server.set_up("root")

    def people(self, *names):
        out = []
        for name in names:
            cli = self.cli(name)
            cli.register(name)
            out.append(cli)
        return out

    def administrator(self):
        root = self.cli("root")
        root.login("root")
        return root

    def refused(self, cli, code, *arguments):
        run = cli.run(*arguments)
        self.assertEqual(run.returncode, code, f"{arguments}\n{run.stdout}{run.stderr}")
        return run.stderr

    def channel(self, cli, name):
        found = [one for one in cli.json("channel", "list") if one.get("name") == name]
        return found[0] if found else None

    def message(self, cli, place, text):
        return [one for one in messages(cli.json("history", place)) if one["text"] == text][-1]

    def test_life_of_a_channel(self):
        anna, ben, carla = self.people("anna", "ben", "carla")
        plain = {"topic": "the topic nobody may find", "text": "the first text nobody may find",
                 "reply": "the answer nobody may find", "edit": "the corrected text nobody may find",
                 "gone": "the deleted text nobody may find", "private": "the private name nobody may find",
                 "reaction": ":thereactionnobodymayfind:"}
        anna.ok("channel", "create", "news", "ben", "--public", "--topic", plain["topic"])
        self.assertTrue(self.channel(anna, "news")["joined"])
        self.assertFalse(self.channel(carla, "news")["joined"])
        ben.ok("listen", "--once", "--timeout", "20")

        # Carla comes in by herself, by external commit; nobody has to invite her.
        carla.ok("channel", "join", "news")
        anna.ok("send", "#news", plain["text"])
        for cli in (ben, carla):
            self.assertEqual(texts(cli.json("listen", "--count", "1", "--timeout", "20")), [plain["text"]])
        self.assertEqual(carla.json("channel", "show", "news")[-1]["topic"], plain["topic"])

        # A thread, a reaction.
        target = self.message(carla, "#news", plain["text"])["message_id"]
        carla.ok("reply", "#news", target, plain["reply"])
        ben.ok("react", "#news", target, plain["reaction"])
        ben.ok("react", "#news", target, plain["reaction"])
        anna.ok("listen", "--once", "--timeout", "20")
        seen = self.message(anna, "#news", plain["text"])
        self.assertEqual(seen["reactions"], {plain["reaction"]: ["ben"]})
        self.assertEqual(seen["thread"]["replies"], 1)
        self.assertEqual(texts(anna.json("thread", "#news", target)), [plain["text"], plain["reply"]])
        ben.ok("react", "#news", target, plain["reaction"], "--remove")

        # Receipts: both have it and have read it.
        anna.ok("listen", "--once", "--timeout", "20")
        self.assertEqual(self.message(anna, "#news", plain["text"])["read_by"], 2)

        # An edit: of the author alone.
        self.assertIn("author", self.refused(ben, 3, "edit", "#news", target, "not mine"))
        anna.ok("edit", "#news", target, plain["edit"])
        ben.ok("listen", "--once", "--timeout", "20")
        self.assertEqual(self.message(ben, "#news", plain["edit"])["edits"], 1)
        self.assertEqual(texts(ben.json("search", "CORRECTED text")), [plain["edit"]])
        self.assertEqual(texts(ben.json("search", "first text")), [])

        # A deletion leaves a tombstone.
        anna.ok("send", "#news", plain["gone"])
        ben.ok("listen", "--count", "1", "--timeout", "20")
        anna.ok("delete", "#news", "mine")
        ben.ok("listen", "--once", "--timeout", "20")
        last = messages(ben.json("history", "#news"))[-1]
        self.assertTrue(last["deleted"])
        self.assertEqual(last["text"], "")

        # A private one: in the directory of nobody else.
        anna.ok("channel", "create", plain["private"], "ben")
        self.assertIsNone(self.channel(carla, plain["private"]))
        self.assertIsNotNone(self.channel(anna, plain["private"]))
        anna.ok("send", "#" + plain["private"], plain["text"])

        self.assertStoredNowhere(plain.values(), "carla")

    def test_the_edit_window_is_the_organisations(self):
        dora, emil = self.people("dora", "emil")
        root = self.administrator()
        self.refused(dora, 3, "policy", "--edit-window", "60")
        root.ok("policy", "--edit-window", "2")
        dora.ok("send", "emil", "quickly")
        dora.ok("edit", "emil", "mine", "in time")
        dora.ok("send", "emil", "slowly")
        time.sleep(3)
        self.assertIn("over", self.refused(dora, 1, "edit", "emil", "mine", "too late"))
        self.assertEqual(texts(emil.json("listen", "--count", "2", "--timeout", "20")), ["in time", "slowly"])
        root.ok("policy", "--edit-window", "300")

    def test_rules_are_enforced(self):
        frida, gerd, hanna = self.people("frida", "gerd", "hanna")
        frida.ok("channel", "create", "rules", "gerd", "--public")
        gerd.ok("listen", "--once", "--timeout", "20")
        self.refused(gerd, 3, "channel", "archive", "rules")
        self.refused(gerd, 3, "channel", "ban", "rules", "frida")
        frida.ok("channel", "posting", "rules", "announcements")
        self.assertIn("not sent", self.refused(gerd, 1, "send", "#rules", "may I?"))
        frida.ok("channel", "posting", "rules", "everyone")
        gerd.ok("send", "#rules", "now I may")

        frida.ok("channel", "ban", "rules", "gerd")
        frida.ok("listen", "--once", "--timeout", "20")  # its device commits the removal
        frida.ok("send", "#rules", "without gerd")
        self.assertNotIn("without gerd", texts(gerd.json("listen", "--once", "--timeout", "20")))
        self.refused(gerd, 3, "channel", "join", "rules")

        frida.ok("channel", "archive", "rules")
        self.assertIn("not sent", self.refused(frida, 1, "send", "#rules", "archived"))
        self.refused(hanna, 3, "channel", "join", "rules")
        frida.ok("channel", "restore", "rules")
        hanna.ok("channel", "join", "rules")
        frida.ok("channel", "delete", "rules")
        self.assertIsNone(self.channel(frida, "rules"))
        hanna.ok("listen", "--once", "--timeout", "20")
        self.assertEqual(hanna.run("send", "#rules", "anybody?").returncode, 1)

    def test_threads_are_followed_by_a_rule_on_all_own_devices(self):
        klara, lars = self.people("klara", "lars")
        phone = self.cli("phone")
        phone.login("klara")
        pending, = [one for one in klara.json("devices") if one.get("state") == "pending"]
        klara.ok("devices", "approve", "--yes", pending["device_id"])
        klara.ok("channel", "create", "ideas", "lars", "--public")
        for cli in (lars, phone):
            cli.ok("listen", "--once", "--timeout", "20")
        klara.ok("send", "#ideas", "a root of hers")
        lars.ok("listen", "--count", "1", "--timeout", "20")
        lars.ok("reply", "#ideas", "last", "an answer")

        def followed(cli):
            cli.ok("listen", "--once", "--timeout", "20")
            return [one["thread"]["following"] for one in messages(cli.json("threads", "#ideas"))]

        self.assertEqual(followed(klara), [True])
        self.assertEqual(klara.json("auto-follow")[-1], {"type": "auto_follow", "on_reply": True, "on_mention": True})
        klara.ok("auto-follow", "--reply", "off")
        self.assertEqual([followed(cli) for cli in (klara, phone)], [[False], [False]])
        rule = phone.json("auto-follow", "#ideas", "--reply", "on")[-1]
        self.assertEqual(rule, {"type": "auto_follow", "on_reply": True, "on_mention": True, "own_rule": True})
        self.assertEqual([followed(cli) for cli in (phone, klara)], [[True], [True]])
        klara.ok("auto-follow", "#ideas", "--as-others")
        self.assertFalse(klara.json("auto-follow", "#ideas")[-1]["own_rule"])
        self.assertEqual([followed(cli) for cli in (klara, phone)], [[False], [False]])
        self.refused(klara, 2, "auto-follow", "--as-others")

        # What is decided at a thread counts before any rule.
        root = self.message(klara, "#ideas", "a root of hers")["message_id"]
        klara.ok("follow", "#ideas", root)
        self.assertEqual([followed(cli) for cli in (klara, phone)], [[True], [True]])
        phone.ok("follow", "#ideas", root, "--stop")
        self.assertEqual([followed(cli) for cli in (phone, klara)], [[False], [False]])

    def test_spaces_and_newcomers(self):
        root = self.administrator()
        ivo, = self.people("ivo")
        self.refused(ivo, 3, "space", "create", "mine")
        root.ok("space", "create", "Everyone")
        root.ok("channel", "create", "welcome", "--public", "--default", "--space", "Everyone")
        jana, = self.people("jana")
        jana.ok("listen", "--once", "--timeout", "20")
        self.assertTrue(self.channel(jana, "welcome")["joined"])
        root.ok("send", "#welcome", "hello newcomer")
        self.assertEqual(texts(jana.json("listen", "--count", "1", "--timeout", "20")), ["hello newcomer"])


class ChannelOnPostgreSQL(OnPostgreSQL, Channel):
    pass


if __name__ == "__main__":
    unittest.main()
