"""A hub at work in a conversation, for the tests that need one: people who speak there, and what it says."""
import json
import threading

from controllers import ControllerCase
from harness import Cli, wait_until


class HubCase(ControllerCase):
    people = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in cls.people:
            _, _, made = cls.server.request("POST", "/v1/invitations", {"role": "member"}, cls.token)
            setattr(cls, name, Cli(cls.server, f"{cls.__name__}-{name}"))
            getattr(cls, name).ok("register", "--username", name, "--password-file", getattr(cls, name).password_file,
                                  "--invite", made["token"])

    def at_work(self, hub, group, devices, rules=(), options=(), **bridge):
        """The conversation, with all people and the hub, bridged to the device group; and the hub started."""
        self.room = f"home-{self.name}"
        self.admin.ok("group", "create", self.room, *self.people)
        for client in (*(getattr(self, name) for name in self.people), hub):
            client.run("listen", "--timeout", "2")
        config = {"bridges": [{"conversation": self.room, "group": group, "devices": devices, **bridge}], "rules": list(rules)}
        file = self.path("hub.json")
        with open(file, "w", encoding="utf-8") as out:
            json.dump(config, out)
        self.process = hub.start("hub", file, *options, json_output=True)
        self.addCleanup(self.stop_hub)
        self.lines = []
        threading.Thread(target=self.keep, args=(self.process.stdout,), daemon=True).start()
        wait_until(lambda: any(one["type"] == "hub_ready" for one in self.lines), timeout=20, what="the hub")

    def keep(self, stream):
        for line in stream:
            self.lines.append(json.loads(line))

    def stop_hub(self):
        self.process.terminate()
        self.process.wait(10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    def say(self, who, text):
        who.ok("send", f"#{self.room}", text)

    def said(self, words, timeout=20):
        wait_until(lambda: any(words in one.get("text", "") for one in self.lines), timeout, f"{words!r} in {self.lines}")

    def assert_not_stored(self, *secrets):
        """Of a server that was stopped: none of these is in any of its files."""
        for file in (self.server.root / "data").rglob("*"):
            if file.is_file():
                content = file.read_bytes()
                for secret in secrets:
                    self.assertNotIn(secret.encode(), content, file)
