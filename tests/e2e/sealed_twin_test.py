"""The wanted side of the twin of an end-to-end encrypted device: a controller seals it, the device opens it, and the server,
which keeps it, can neither read nor write it, nor bring back an older one without being noticed."""
import json
import unittest

from controllers import ControllerCase
from device_programs import Client, SETTINGS
from harness import wait_until


class SealedTwin(ControllerCase):
    server_settings = SETTINGS

    def setUp(self):
        super().setUp()
        self.device_group = self.group()
        self.device = Client(self, f"{self.name}-heater", "thermostat", encrypted=True).enrolled()
        self.addCleanup(self.device.close)
        self.path_of_twin = f"/v1/iot-devices/{self.device.id}/twin"

    def commission(self, *rules):
        code = self.device.ok("commission", "--owner", self.owner)[-1]["commissioning_code"]
        self.power_up()
        allowed = [part for rule in rules for part in ("--allow", rule)]
        self.device_json(self.admin, "group", "add", self.device_group, self.device.id, f"--code={code}", *allowed)
        self.device.wait_for("group.joined")

    def power_up(self, twin_interval="0.3"):
        self.device.start("--kind", "thermostat", "--interval", "0.5", "--twin-interval", twin_interval)
        self.device.wait_for("connected")

    def want(self, document):
        return self.device_json(self.admin, "twin", self.device.id, "--set", document)

    def target(self):
        """By the device's own word, as a member of its group reads it."""
        return self.device_json(self.admin, "twin", self.device.id)["reported"].get("document", {}).get("target")

    def server_says(self, body):
        """What a server does that is no longer the owner's."""
        status, _, answer = self.rest("PUT", self.path_of_twin, body)
        self.assertEqual(status, 200, answer)

    def kept(self):
        return self.rest("GET", self.path_of_twin)[2]["desired"]

    def assert_not_stored(self, *secrets):
        self.device.stop()
        self.server.kill()
        self.addCleanup(self.server.start)  # for the next test
        for file in (self.server.root / "data").rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                for secret in secrets:
                    self.assertNotIn(secret.encode(), content, file)

    def test_what_is_wanted_reaches_the_device_and_is_nowhere_in_the_server(self):
        self.commission()
        shown = self.want('{"target": 27.25, "mode": "off"}')
        self.assertEqual(shown["desired"]["document"], {"target": 27.25, "mode": "off"})
        self.assertEqual(self.device.wait_for("twin.wanted")["results"], {"target": "ok: target 27.2", "mode": "ok: mode off"})
        wait_until(lambda: self.target() == 27.25, what="the device's own word")
        self.assertNotIn("document", self.kept())
        # A device that starts anew is told the same again.
        self.device.stop()
        self.power_up()
        self.device.wait_for("twin.wanted")
        self.assertEqual(self.device.said("twin.refused"), [])
        self.assert_not_stored("27.25", '"target"', '"mode"')

    def test_the_device_is_told_to_look_and_who_has_sealed_it_reads_it_again(self):
        self.commission()
        self.device.stop()
        self.power_up(twin_interval="3600")
        wait_until(lambda: self.target() is not None, what="the first look")
        for number, target in enumerate((23.5, 24.5), start=1):
            self.want(json.dumps({"target": target}))
            self.device.wait_for("twin.wanted", count=number)
            wait_until(lambda: self.target() == target, what="the device's own word")
        for _ in range(2):  # epochs, after which nobody else opens it
            self.device_json(self.admin, "group", "rotate", self.device_group)
        shown = self.device_json(self.admin, "twin", self.device.id)["desired"]
        self.assertEqual(shown["document"], {"target": 24.5})
        # What the server has put in its place is not taken for it.
        self.server_says({"ciphertext": "AAEC_w"})
        self.assertNotIn("document", self.device_json(self.admin, "twin", self.device.id)["desired"])

    def test_a_server_that_brings_back_an_older_one_is_noticed(self):
        self.commission()
        self.want('{"target": 29}')
        wait_until(lambda: self.target() == 29, what="29")
        old = self.kept()["ciphertext"]
        self.want('{"target": 11}')
        wait_until(lambda: self.target() == 11, what="11")
        present = self.kept()["ciphertext"]
        self.server_says({"ciphertext": old})
        self.assertIn("brings back", self.device.wait_for("twin.refused")["reason"])
        self.device.stop()
        self.power_up()
        self.assertIn("brings back", self.device.wait_for("twin.refused")["reason"])
        # With the keys of the next epoch those of the one before are still there: no younger for it.
        self.device_json(self.admin, "group", "rotate", self.device_group)
        self.device.wait_for("group.joined")
        self.device.wait_for("twin.refused", count=2)
        self.assertEqual(self.device.said("twin.wanted"), [])
        self.server_says({"ciphertext": present})
        self.assertEqual(self.device.wait_for("twin.wanted")["results"], {"target": "ok: target 11.0"})

    def test_what_the_server_could_have_written_is_not_believed(self):
        self.commission()
        self.assertEqual(self.rest("PUT", self.path_of_twin, {"document": {"target": 30}})[0], 400)
        self.server_says({"ciphertext": "AAEC_w"})
        self.device.wait_for("twin.refused")
        self.assertEqual(self.rest("PATCH", f"/v1/iot-devices/{self.device.id}", {"encrypted": False})[0], 200)
        self.server_says({"document": {"target": 30}})
        self.assertIn("not sealed", self.device.wait_for("twin.refused", count=2)["reason"])
        self.assertEqual(self.device.said("twin.wanted"), [])
        # And a controller does not hand it over in clear because the server asks for it.
        done = self.run_device("twin", self.device.id, "--set", '{"target": 28.75}')
        self.assertNotEqual(done.returncode, 0)
        self.assert_not_stored("28.75")

    def test_the_owners_policy_says_who_may_want(self):
        self.commission("controller:set")
        self.want('{"target": 25}')
        self.assertIn("policy", self.device.wait_for("twin.refused")["reason"])
        self.assertEqual(self.device.said("twin.wanted"), [])

    def test_a_device_that_is_in_no_group_here_gets_nothing_in_clear(self):
        before = self.kept()
        done = self.run_device("twin", self.device.id, "--set", '{"target": 26.75}')
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("in no device group", done.stderr)
        self.assertEqual(self.kept(), before)


if __name__ == "__main__":
    unittest.main()
