"""Finding people and giving oneself a name, through the real server with the real client."""
import unittest

from harness import ServerCase


class People(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = cls.server.set_up("root")

    def person(self, name, display=None):
        cli = self.cli(name)
        cli.register(name)
        if display:
            cli.ok("profile", "name", display)
        return cli

    def found(self, cli, *words):
        return [one["user"] for one in cli.json("people", "search", *words) if one["type"] == "person"]

    def test_finding_people_and_hiding_them(self):
        ann = self.person("ann", "Ann  Marie Lee")
        ben = self.person("ben.obrien", "Ben O'Brien")
        carla = self.person("carla")
        self.assertEqual(ann.json("profile", "show")[-1]["display_name"], "Ann Marie Lee")
        self.assertEqual(self.found(ben, "lee", "MAR"), ["ann"])
        self.assertEqual(self.found(ann, "brien"), ["ben.obrien"])
        self.assertEqual(self.found(ann, "ie"), [])
        everybody = self.found(ann)
        self.assertEqual(everybody, sorted(everybody))
        self.assertLessEqual({"ann", "ben.obrien", "carla", "root"}, set(everybody))
        self.assertEqual(len(self.found(ann, "--limit", "2")), 2)

        # The organisation hides its people: those alone with whom one talks are left.
        administrator = self.cli("root")
        administrator.login("root")
        self.assertFalse(administrator.json("policy", "--directory", "off")[-1]["directory"])
        self.assertEqual(self.found(ann), ["ann"])
        ann.ok("send", "carla", "hello")
        self.assertEqual(self.found(ann), ["ann", "carla"])
        self.assertEqual(self.found(carla, "mar"), ["ann"])
        self.assertIn("carla", self.found(administrator))
        refused = ann.run("policy", "--directory", "on")
        self.assertNotEqual(refused.returncode, 0)
        self.assertTrue(administrator.json("policy", "--directory", "on", "--edit-window", "60")[-1]["directory"])
        self.assertEqual(self.found(ann, "ben"), ["ben.obrien"])

    def test_others_learn_a_new_name_while_they_listen_and_when_they_come_back(self):
        dora, emil = self.person("dora"), self.person("emil")
        dora.ok("send", "emil", "hello")
        emil.ok("listen", "--once", "--timeout", "20")
        listening = emil.start("listen", "--count", "1", "--timeout", "60")
        dora.ok("profile", "name", "Dora Day")
        dora.ok("send", "emil", "it is me")
        listening.communicate(timeout=60)
        dora.ok("profile", "name", "Dora Night")
        emil.ok("listen", "--once", "--timeout", "20")
        self.assertEqual([one["display_name"] for one in emil.json("people", "search", "dora")], ["Dora Night"])
        self.assertEqual(emil.json("verify", "dora")[-1].get("display_name", "Dora Night"), "Dora Night")
        for bad in ("a\u202eb", "\u200b", "x" * 129):
            with self.subTest(bad):
                self.assertNotEqual(dora.run("profile", "name", bad).returncode, 0)

    def test_an_administrators_change_is_found_too_and_a_deactivated_person_is_not(self):
        self.person("fritz")
        gina = self.person("gina")
        token = self.root["access_token"]
        _, _, users = self.server.request("GET", "/v1/users", None, token)
        fritz = next(one["user_id"] for one in users["items"] if one["username"] == "fritz")
        status, _, _ = self.server.request("PATCH", f"/v1/users/{fritz}", {"display_name": "Friedrich Gross"}, token)
        self.assertEqual(status, 200)
        self.assertEqual(self.found(gina, "GROSS"), ["fritz"])
        self.server.request("PATCH", f"/v1/users/{fritz}", {"disabled": True}, token)
        self.assertEqual(self.found(gina, "gross"), [])


if __name__ == "__main__":
    unittest.main()
