"""Groups through the real server with the real client."""
import json
import unittest

from databases import OnPostgreSQL
from harness import ServerCase


def texts(entries):
    return [entry["text"] for entry in entries if "text" in entry]


class Group(OnPostgreSQL, ServerCase):
    """On PostgreSQL; on SQLite groups are in the tests of crashes and of the browser."""

    def people(self, *names):
        out = []
        for name in names:
            cli = self.cli(name)
            cli.register(name)
            out.append(cli)
        return out

    def members(self, cli, group):
        return sorted(member["user"] for member in cli.json("group", "members", group)[-1]["members"])

    def test_a_group_is_made_and_everybody_reads_in_it(self):
        anna, ben, carla = self.people("anna", "ben", "carla")
        anna.ok("group", "create", "the team", "ben", "carla")
        anna.ok("send", "#the team", "hello all")
        for cli in (ben, carla):
            self.assertEqual(texts(cli.json("listen", "--count", "1", "--timeout", "20")), ["hello all"])
        carla.ok("send", "#the team", "hello anna")
        self.assertEqual(texts(anna.json("listen", "--count", "1", "--timeout", "20")), ["hello anna"])
        self.assertEqual(texts(ben.json("listen", "--count", "1", "--timeout", "20")), ["hello anna"])

    def test_who_has_no_device_yet_is_named_and_keeps_nobody_out(self):
        quinn, rosa = self.people("quinn", "rosa")
        self.server.admin("create-user", "sven", "--role", "member")
        made = quinn.run("group", "create", "half", "rosa", "sven")
        self.assertNotEqual(made.returncode, 0)
        self.assertIn("left out, everybody else is in: sven (no device has signed in yet)", made.stderr)
        quinn.ok("send", "#half", "sven comes later")
        self.assertEqual(texts(rosa.json("listen", "--count", "1", "--timeout", "20")), ["sven comes later"])

    def test_who_comes_and_who_goes(self):
        dora, emil, frida, gerd = self.people("dora", "emil", "frida", "gerd")
        dora.ok("group", "create", "changing", "emil", "frida")
        emil.ok("listen", "--once", "--timeout", "20")
        emil.ok("group", "add", "changing", "gerd")
        emil.ok("send", "#changing", "with gerd")
        self.assertEqual(texts(gerd.json("listen", "--count", "1", "--timeout", "20")), ["with gerd"])
        dora.ok("group", "remove", "changing", "frida")
        dora.ok("send", "#changing", "without frida")
        heard = frida.json("listen", "--once", "--timeout", "20")
        self.assertNotIn("without frida", texts(heard))
        self.assertEqual(texts(gerd.json("listen", "--count", "1", "--timeout", "20")), ["without frida"])
        self.assertEqual(self.members(gerd, "changing"), ["dora", "emil", "gerd"])

    def test_the_timeline_tells_who_came_and_went_and_what_changed(self):
        rita, saul, tara = self.people("rita", "saul", "tara")
        rita.ok("group", "create", "told", "saul")
        saul.ok("listen", "--once", "--timeout", "20")
        saul.ok("send", "#told", "before tara")
        saul.ok("group", "add", "told", "tara")
        tara.ok("listen", "--once", "--timeout", "20")
        saul.ok("group", "rename", "told", "told again")
        tara.ok("listen", "--once", "--timeout", "20")
        tara.ok("group", "history", "told again", "on")
        rita.ok("listen", "--once", "--timeout", "20")
        rita.ok("group", "remove", "told again", "tara")
        heard = saul.json("listen", "--once", "--timeout", "20")

        def line(one):
            return one["text"] if one["type"] == "message" else (one["kind"], one["by"], one["users"], one.get("name"))

        told = [("added", "saul", ["tara"], None), ("renamed", "saul", [], "told again"),
                ("history_shared", "tara", [], None), ("removed", "rita", ["tara"], None)]
        everything = [("added", "rita", ["saul"], None), "before tara", *told]
        self.assertEqual([line(one) for one in rita.json("history", "#told again")], everything)
        self.assertEqual([line(one) for one in saul.json("history", "#told again")], everything)
        self.assertEqual([line(one) for one in heard if one["type"] == "notice"], [told[2], told[3]])
        tara.ok("listen", "--once", "--timeout", "20")
        self.assertEqual([line(one) for one in tara.json("history", "#told again")], told)
        said = rita.ok("history", "#told again")
        for words in ("-- you added saul --", "-- saul added tara --", "-- saul renamed the group to told again --",
                      "-- tara lets whoever comes in read what is written from now on --", "-- you removed tara --"):
            self.assertIn(words, said)
        self.assertIn("-- rita removed you --", tara.ok("history", "#told again"))

    def test_a_newcomer_reads_what_was_shared_and_nothing_else(self):
        nils, lena, mia = self.people("nils", "lena", "mia")
        nils.ok("group", "create", "sharing", "lena")
        nils.ok("send", "#sharing", "closed, nobody may find it")
        lena.ok("listen", "--count", "1", "--timeout", "20")
        nils.ok("group", "history", "sharing", "on")
        nils.ok("send", "#sharing", "shared, nobody may find it")
        self.assertEqual(texts(lena.json("listen", "--count", "1", "--timeout", "20")),
                         ["shared, nobody may find it"])
        self.assertTrue(lena.json("group", "members", "sharing")[-1]["shares_history"])
        self.assertEqual(lena.json("group", "members", "sharing")[-1]["history_changed_by"], "nils")
        lena.ok("group", "add", "sharing", "mia")
        lena.ok("listen", "--once", "--timeout", "20")
        mia.ok("listen", "--once", "--timeout", "20")
        self.assertEqual(texts(mia.json("history", "#sharing")), [])
        read = mia.json("history", "#sharing", "--earlier")
        self.assertEqual(texts(read), ["shared, nobody may find it"])
        self.assertTrue(next(one for one in read if one.get("text"))["from_history"])
        self.assertEqual(texts(mia.json("history", "#sharing")), ["shared, nobody may find it"])
        nils.ok("group", "history", "sharing", "off")
        mia.ok("listen", "--once", "--timeout", "20")
        self.assertFalse(mia.json("group", "members", "sharing")[-1]["shares_history"])
        mia.ok("send", "#sharing", "mia answers")
        self.assertEqual(texts(lena.json("listen", "--count", "1", "--timeout", "20")), ["mia answers"])
        self.assertStoredNowhere(["nobody may find it"], "nils")

    def test_a_second_device_comes_into_the_groups_of_its_person(self):
        hanna, ivo = self.people("hanna", "ivo")
        hanna.ok("group", "create", "devices", "ivo")
        ivo.ok("listen", "--once", "--timeout", "20")
        phone = self.cli("hannas-phone")
        phone.login("hanna")
        pending = [device for device in hanna.json("devices") if device.get("state") == "pending"]
        hanna.ok("devices", "approve", "--yes", pending[0]["device_id"])
        phone.ok("listen", "--once", "--timeout", "20")
        ivo.ok("send", "#devices", "to both")
        for cli in (hanna, phone):
            self.assertIn("to both", texts(cli.json("listen", "--count", "1", "--timeout", "20")))

    def test_a_new_device_gets_the_old_messages_after_a_code_was_compared(self):
        lars, mona = self.people("lars", "mona")
        lars.ok("group", "create", "old group", "mona")
        mona.ok("listen", "--once", "--timeout", "20")
        lars.ok("send", "mona", "hello mona")
        mona.ok("send", "#old group", "hello group")
        lars.ok("listen", "--once", "--timeout", "20")
        phone = self.cli("larss-phone")
        phone.login("lars")
        pending = [device for device in lars.json("devices") if device.get("state") == "pending"]
        lars.ok("devices", "approve", "--yes", pending[0]["device_id"])
        phone.ok("listen", "--once", "--timeout", "20")

        alone = phone.run("devices", "history", "receive", "--timeout", "1")
        self.assertEqual(alone.returncode, 4, alone.stderr)
        receiver = phone.start("devices", "history", "receive", "--timeout", "60", json_output=True)
        lars.ok("listen", "--timeout", "3")  # the old device answers
        told = (json.loads(line) for line in receiver.stdout)  # also that it came into the group
        code = next(one["code"] for one in told if "code" in one and one["type"] == "history_transfer")
        given = lars.json("devices", "history", "send", "--code", code)[-1]
        self.assertEqual((given["state"], given["messages"]), ("done", 2))
        out, errors = receiver.communicate(timeout=60)
        self.assertEqual(receiver.returncode, 0, errors)
        self.assertEqual(json.loads(out.splitlines()[-1])["state"], "done")
        self.assertEqual(texts(phone.json("history", "mona")), ["hello mona"])
        self.assertEqual(texts(phone.json("history", "#old group")), ["hello group"])
        # Again, and nothing stands there twice.
        mona.ok("send", "lars", "hello lars")
        self.assertEqual(texts(phone.json("listen", "--count", "1", "--timeout", "20")), ["hello lars"])
        self.assertEqual(texts(phone.json("history", "mona")), ["hello mona", "hello lars"])

    def test_a_group_begins_anew(self):
        nora, otto, paul = self.people("nora", "otto", "paul")
        nora.ok("group", "create", "stuck", "otto", "paul")
        nora.ok("send", "#stuck", "before")
        for cli in (otto, paul):
            self.assertEqual(texts(cli.json("listen", "--count", "1", "--timeout", "20")), ["before"])
        nora.ok("group", "reset", "stuck", "--yes")
        for cli in (otto, paul):
            heard = cli.json("listen", "--once", "--timeout", "20")
            self.assertIn("nora", [line.get("user") for line in heard if line["type"] == "group_reset"])
        nora.ok("send", "#stuck", "after")
        for cli in (otto, paul):
            self.assertIn("after", texts(cli.json("listen", "--count", "1", "--timeout", "20")))
        # Otto has not said a word yet that would have told his name to paul.
        self.assertEqual(self.members(paul, "stuck"), ["nora", "otto", "paul"])
        otto.ok("send", "#stuck", "here again")
        self.assertIn("here again", texts(paul.json("listen", "--count", "1", "--timeout", "20")))
        paul.ok("send", "#stuck", "together")
        self.assertIn("together", texts(nora.json("listen", "--count", "1", "--timeout", "20")))

    def test_the_server_stores_no_plaintext(self):
        jana, karl = self.people("jana", "karl")
        secret, name = "the group text that must not be found", "the group name that must not be found"
        jana.ok("group", "create", name, "karl")
        jana.ok("send", "#" + name, secret)
        self.assertEqual(texts(karl.json("listen", "--count", "1", "--timeout", "20")), [secret])
        self.assertStoredNowhere([secret, name], "jana")


if __name__ == "__main__":
    unittest.main()
