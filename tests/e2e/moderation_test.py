"""Who deletes what others wrote, what a message said before, and what compliance gets: the real server and client."""
import base64
import unittest

from harness import ServerCase


class Moderation(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = cls.server.set_up("root")

    def people(self, *names):
        out = []
        for name in names:
            cli = self.cli(name)
            cli.register(name)
            out.append(cli)
        return out

    def message(self, cli, place, text):
        found = [one for one in cli.json("history", place) if one.get("type") == "message" and one.get("text") == text]
        return found[-1]["message_id"] if found else None

    def by_id(self, cli, place, message):
        return next(one for one in cli.json("history", place) if one.get("message_id") == message)

    def read(self, *clis):
        for cli in clis:
            cli.ok("listen", "--once", "--timeout", "20")

    def audit(self, event):
        _, _, page = self.server.request("GET", f"/v1/audit?event_type={event}&limit=200", None, self.root["access_token"])
        return page["items"]

    def test_a_moderator_deletes_and_everybody_sees_who(self):
        anna, ben, carla = self.people("anna", "ben", "carla")
        anna.ok("channel", "create", "news", "--public")
        for cli in (ben, carla):
            cli.ok("channel", "join", "news")
        ben.ok("send", "#news", "buy my things")
        ben.ok("send", "#news", "and these")
        self.read(anna, carla)
        spam, more = (self.message(anna, "#news", text) for text in ("buy my things", "and these"))

        refused = carla.run("delete", "#news", spam)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("chat.not_author", refused.stderr)
        anna.ok("delete", "#news", spam)
        self.read(ben, carla)
        for cli in (anna, ben, carla):
            seen = self.by_id(cli, "#news", spam)
            self.assertTrue(seen["deleted"])
            self.assertEqual(seen["deleted_by"], "anna")
            self.assertEqual(seen["text"], "")

        # Not in a conversation of two, not an edit, and no more once the role is gone.
        ben.ok("send", "anna", "between us")
        self.read(anna)
        refused = anna.run("delete", "ben", self.message(anna, "ben", "between us"))
        self.assertNotEqual(refused.returncode, 0)
        self.assertNotEqual(anna.run("edit", "#news", more, "other words").returncode, 0)
        administrator = self.cli("root")
        administrator.login("root")
        administrator.ok("channel", "join", "news")
        administrator.ok("channel", "role", "news", "anna", "none")
        self.read(anna)
        refused = anna.run("delete", "#news", more)
        self.assertIn("chat.not_author", refused.stderr)
        self.assertNotIn("deleted", self.by_id(ben, "#news", more))

        # A channel may let its members moderate, and it is recorded who did.
        administrator.ok("channel", "override", "news", "member", "--allow", "moderate")
        carla.ok("delete", "#news", more)
        self.read(ben)
        self.assertEqual(self.by_id(ben, "#news", more)["deleted_by"], "carla")
        noted = [one["metadata"]["deleted_as_moderator"] for one in self.audit("group.message_sent")
                 if "deleted_as_moderator" in one["metadata"]]
        self.assertEqual(sorted(noted), sorted([spam, more]))

    def test_what_a_message_said_before_and_what_compliance_gets(self):
        dora, emil = self.people("dora", "emil")
        dora.ok("channel", "create", "plans", "emil")
        self.read(emil)
        dora.ok("send", "#plans", "at noon")
        self.read(emil)
        message = self.message(emil, "#plans", "at noon")
        dora.ok("edit", "#plans", message, "at one")
        dora.ok("edit", "#plans", message, "at two")
        self.read(emil)
        for cli in (dora, emil):
            self.assertEqual([one["text"] for one in cli.json("edits", "#plans", message)], ["at noon", "at one", "at two"])
        known = self.by_id(emil, "#plans", message)
        where = next(one["channel_id"] for one in emil.json("channel", "list") if one["name"] == "plans")
        device = dora.json("status")[-1]["device_id"]

        administrator = self.cli("root")
        administrator.login("root")
        self.assertNotEqual(emil.run("versions", where, message, device).returncode, 0)
        versions = administrator.json("versions", where, message, device)
        self.assertEqual([one["kind"] for one in versions], ["message", "edit", "edit"])
        for one in versions:
            self.assertGreater(len(base64.b64decode(one["ciphertext"])), 100)
            self.assertNotIn(b"at ", base64.b64decode(one["ciphertext"]))
        self.assertEqual(known["message_id"], versions[0]["message_id"])
        read = self.audit("message.versions_read")
        self.assertEqual([one["outcome"] for one in read], ["success", "denied"])
        dora.ok("delete", "#plans", message)
        self.read(emil)
        self.assertEqual(emil.json("edits", "#plans", message), [])
        self.assertEqual([one["kind"] for one in administrator.json("versions", where, message, device)],
                         ["message", "edit", "edit", "deletion"])


if __name__ == "__main__":
    unittest.main()
