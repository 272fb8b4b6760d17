"""Clients that lead device groups, and devices that follow, for the tests that need some."""
import os

from devices import DeviceCase
from group_members import Light
from harness import Cli, wait_until


class ControllerCase(DeviceCase):
    server_settings = {"automation.encrypted_topics": "devices/+/command,devices/+/state,devices/+/result"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls.client("admin")
        cls.owner = cls.device_json(cls.admin, "owner")["owner_key"]

    @classmethod
    def client(cls, name):
        out = Cli(cls.server, f"{cls.__name__}-{name}")
        out.login("root")
        return out

    @classmethod
    def device_json(cls, client, *arguments):
        return client.json("device", "--devices", f"https://127.0.0.1:{cls.server.devices_port}", *arguments)[-1]

    def run_device(self, *arguments, client=None):
        return (client or self.admin).run("device", "--devices", f"https://127.0.0.1:{self.server.devices_port}", *arguments)

    def light(self, group, name=None, locked=False):
        self.name = name or self.name
        device, key, _ = self.enrol()
        files = (self.path(f"{device}.pem"), self.path(f"{device}.key"))
        os.rename(self.path("cert.pem"), files[0])
        os.rename(key, files[1])
        light = Light(self, device, files, self.owner, locked)
        added = self.device_json(self.admin, "group", "add", group, device, "--code", light.member.code())
        self.assertIn(device, [one["device_id"] for one in added["members"]])
        wait_until(lambda: light.joined, what="the group's keys")
        self.assertEqual(light.joined[-1], ["ok", str(added["epoch"])])
        return light

    def group(self):
        name = f"{self.name}-group"
        made = self.device_json(self.admin, "group", "create", name)
        self.assertEqual((made["epoch"], made["controller"]), (1, True))
        return name

    def hub(self, *groups):
        """Another device of the account, in these groups; and its keys as a roster names them."""
        hub = self.client(f"{self.name}-hub")
        self.assertEqual(self.admin.run("devices", "approve", hub.json("status")[-1]["device_id"], "--yes").returncode, 0)
        hub.run("listen", "--timeout", "2")
        keys = self.device_json(hub, "owner")
        self.assertEqual(keys["owner_key"], self.owner)
        for group in groups:
            self.device_json(self.admin, "group", "add", group, keys["device_id"], "--code", keys["code"], "--role", "hub")
            self.assertFalse(self.device_json(hub, "group", "accept", group)["controller"])
        return hub, keys
