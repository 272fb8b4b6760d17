"""The device program under a chat client: commissioned with the account's key, let in by its code, commanded from the command
line; it obeys what the account's policy allows."""
import subprocess
import time
import unittest

from controllers import ControllerCase
from device_programs import Client, SETTINGS


class CommissionedDevice(ControllerCase):
    server_settings = SETTINGS

    def thing(self, group, *allow):
        """Enrolled, commissioned, at work, and in the group."""
        self.thing_name = f"{self.name}-thing"
        device = Client(self, self.thing_name, "thermostat").enrolled()
        self.addCleanup(device.close)
        code = self.told(device, "commission", "--owner", self.owner)["commissioning_code"]
        device.start("--kind", "thermostat", "--interval", "1")
        device.wait_for("connected")
        rules = [word for rule in allow for word in ("--allow", rule)]
        self.device_json(self.admin, "group", "add", group, device.id, f"--code={code}", *rules)
        device.wait_for("group.joined")
        return device

    def told(self, device, *arguments):
        return device.ok(*arguments)[-1]

    def test_a_command_is_obeyed_as_the_owner_allows_it(self):
        group = self.group()
        device = self.thing(group, "controller:set")
        done = self.device_json(self.admin, "command", device.id, "set", "21.5")
        self.assertEqual(done["text"], "ok: target 21.5")
        self.assertEqual(len(done["request_id"]), 32)
        run = self.run_device("command", device.id, "mode", "off", "--timeout", "2")
        self.assertEqual(run.returncode, 4, run.stdout)
        self.assertIn("policy", device.wait_for("command.refused")["reason"])
        self.assertEqual(len(device.said("command.obeyed")), 1)
        changed = self.device_json(self.admin, "group", "allow", group, device.id, "controller:mode")
        self.assertIn(["controller:mode"], [member.get("obeys") for member in changed["members"]])
        self.assertEqual(device.wait_for("group.joined", 2)["policy_version"], changed["epoch"])
        self.assertEqual(self.device_json(self.admin, "command", device.id, "mode", "off")["text"], "ok: mode off")
        self.assertEqual(self.run_device("command", device.id, "set", "19", "--timeout", "2").returncode, 4)

    def test_what_waits_while_it_is_away_is_obeyed_when_it_is_back_in_time(self):
        device = self.thing(self.group())
        self.assertEqual(device.stop(), 0)
        asking = subprocess.Popen(
            self.admin.command("device", "--devices", f"https://127.0.0.1:{self.server.devices_port}", "command",
                               device.id, "set", "19", "--timeout", "30"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=self.admin.environment())
        self.addCleanup(asking.kill)
        time.sleep(2)
        self.assertIsNone(asking.poll())
        device.start("--kind", "thermostat", "--interval", "1")
        out, errors = asking.communicate(timeout=40)
        self.assertEqual((asking.returncode, out), (0, f"{self.thing_name}: ok: target 19.0\n"), errors)

    def test_another_owner_is_not_believed(self):
        device = self.thing(self.group())
        device.stop()
        code, _, errors = device.run("commission", "--owner", "11" * 32)
        self.assertEqual(code, 1, errors)
        self.assertIn("another owner", errors)
        self.assertEqual(device.run("commission", "--owner", "short")[0], 2)


if __name__ == "__main__":
    unittest.main()
