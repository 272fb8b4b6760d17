"""unhidra-device, for the tests that need it: its folder, what it says, and what the server lets devices do."""
import json
import pathlib
import signal
import subprocess
import threading

from harness import clean_environment, wait_until
from programs import program

# The demo's: the same text is shown and tested.
TOPIC_POLICY = pathlib.Path(__file__).resolve().parents[2] / "tools" / "demo_topics"
SETTINGS = {"automation.policy": str(TOPIC_POLICY), "automation.encrypted_topics": ",".join(
    f"devices/+/{part}" for part in ("telemetry", "state", "command", "result"))}


class Client:
    """One device: its folder, and what its program said."""

    def __init__(self, case, name, kind, encrypted=False):
        self.case, self.name = case, name
        self.dir = case.folder / f"{case._testMethodName}-{name}"
        status, _, made = case.server.request("POST", "/v1/iot-devices", {"name": name}, case.token)
        case.assertEqual(status, 201, made)
        self.id = made["device"]["device_id"]
        status, _, made = case.rest("PATCH", f"/v1/iot-devices/{self.id}", {"type": kind, "encrypted": encrypted})
        case.assertEqual(status, 200, made)
        self.process = None

    def command(self, *arguments):
        return [str(program("unhidra-device")), "--dir", str(self.dir), *arguments]

    def run(self, *arguments, timeout=60):
        """Runs it to its end; answers the exit code, the events and the error text."""
        done = subprocess.run(self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout, env=clean_environment())
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    def ok(self, *arguments, **options):
        code, events, errors = self.run(*arguments, **options)
        self.case.assertEqual(code, 0, (arguments, events, errors, self.case.server.log_text()[-2000:]))
        return events

    def enrol(self, *options, code=None):
        server = self.case.server
        return self.run("enrol", "--server", f"127.0.0.1:{server.devices_port}", "--broker",
                        f"127.0.0.1:{server.mqtts_port}", "--device", self.id, "--ca", str(server.ca), "--code",
                        code or self.case.code(self.id), *options)

    def enrolled(self):
        code, events, errors = self.enrol()
        self.case.assertEqual(code, 0, (events, errors))
        return self

    def start(self, *arguments):
        self.events, self.errors = [], ""
        self.process = subprocess.Popen(self.command("run", *arguments), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=clean_environment())
        process = self.process

        def read():
            for line in process.stdout:
                self.events.append(json.loads(line))

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        return self

    def said(self, event):
        return [one for one in list(self.events) if one["event"] == event]

    def wait_for(self, event, count=1, timeout=15):
        wait_until(lambda: len(self.said(event)) >= count, timeout, f"{count} {event} in {self.events}")
        return self.said(event)[-1]

    def wait(self, timeout=15):
        code = self.process.wait(timeout)
        self.reader.join(5)
        self.errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process = None
        return code

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        return self.wait()

    def close(self):
        if self.process is not None:
            self.process.kill()
            self.wait()
