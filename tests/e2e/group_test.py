"""Groups through the real server with the real client."""
import unittest

from harness import ServerCase


def texts(entries):
    return [entry["text"] for entry in entries if "text" in entry]


class Group(ServerCase):
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

    def test_who_comes_and_who_goes(self):
        dora, emil, frida, gerd = self.people("dora", "emil", "frida", "gerd")
        dora.ok("group", "create", "changing", "emil", "frida")
        emil.ok("listen", "--timeout", "2")
        emil.ok("group", "add", "changing", "gerd")
        emil.ok("send", "#changing", "with gerd")
        self.assertEqual(texts(gerd.json("listen", "--count", "1", "--timeout", "20")), ["with gerd"])
        dora.ok("group", "remove", "changing", "frida")
        dora.ok("send", "#changing", "without frida")
        heard = frida.json("listen", "--timeout", "3")
        self.assertNotIn("without frida", texts(heard))
        self.assertEqual(texts(gerd.json("listen", "--count", "1", "--timeout", "20")), ["without frida"])
        self.assertEqual(self.members(gerd, "changing"), ["dora", "emil", "gerd"])

    def test_a_second_device_comes_into_the_groups_of_its_person(self):
        hanna, ivo = self.people("hanna", "ivo")
        hanna.ok("group", "create", "devices", "ivo")
        ivo.ok("listen", "--timeout", "2")
        phone = self.cli("hannas-phone")
        phone.login("hanna")
        pending = [device for device in hanna.json("devices") if device.get("state") == "pending"]
        hanna.ok("devices", "approve", "--yes", pending[0]["device_id"])
        phone.ok("listen", "--timeout", "4")
        ivo.ok("send", "#devices", "to both")
        for cli in (hanna, phone):
            self.assertIn("to both", texts(cli.json("listen", "--count", "1", "--timeout", "20")))

    def test_the_server_stores_no_plaintext(self):
        jana, karl = self.people("jana", "karl")
        secret, name = "the group text that must not be found", "the group name that must not be found"
        jana.ok("group", "create", name, "karl")
        jana.ok("send", "#" + name, secret)
        self.assertEqual(texts(karl.json("listen", "--count", "1", "--timeout", "20")), [secret])
        for path in self.server.data.rglob("*"):
            if path.is_file():
                for plain in (secret, name):
                    self.assertNotIn(plain.encode(), path.read_bytes(), path)


if __name__ == "__main__":
    unittest.main()
