"""A device that runs the client core as WebAssembly, in Node or in Chromium, for tests beside `harness.Cli`."""
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

from harness import PASSWORD, clean_environment

PACKAGE = pathlib.Path(os.environ["UNHIDRA_CORE_PACKAGE"])
NODE = shutil.which("node") or "node"


class CoreError(Exception):
    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]


class CoreDevice:
    """One process with one store; the store outlives restarts."""

    def __init__(self, server, name, port=None):
        self.server = server
        self.port = port  # of the page in Chromium; without one the device runs in Node
        self.folder = server.root / f"core-{name}"
        self.ids = itertools.count(1)
        self.process = None
        self.errors = server.root / f"core-{name}.err"

    def start(self):
        command = [NODE, str(pathlib.Path(__file__).with_name("core_device.mjs")), str(PACKAGE), str(self.folder),
                   self.server.url, str(self.server.ca), *([str(self.port)] if self.port else [])]
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                                            text=True, env={**clean_environment(), "TMPDIR": str(self.server.root)})
        self.answers = {}
        self.events = []
        self.ready = False
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        self._wait(lambda: self.ready, 30, "the core to load")
        return self

    def _read(self, process):
        for line in process.stdout:
            message = json.loads(line)
            with self.news:
                if "event" in message:
                    self.events.append(message["event"])
                elif "id" in message:
                    self.answers[message["id"]] = message
                else:
                    self.ready = True
                self.news.notify_all()

    def _wait(self, condition, timeout, what):
        deadline = time.monotonic() + timeout
        with self.news:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    raise AssertionError(f"waited for {what}; events: {self.events}\n{self.errors.read_text()}")
                self.news.wait(min(left, 0.5))

    def start_call(self, method, *args):
        """Asks, and does not wait for the answer."""
        number = next(self.ids)
        self.process.stdin.write(json.dumps({"id": number, "method": method, "args": args}) + "\n")
        self.process.stdin.flush()
        return number

    def call(self, method, *args, timeout=60):
        return self.wait_answer(self.start_call(method, *args), timeout, method)

    def wait_answer(self, number, timeout=60, what="the answer"):
        self._wait(lambda: number in self.answers, timeout, what)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise CoreError(answer["error"])
        return answer["value"]

    def register(self, username):
        self.call("register", {"username": username, "password": PASSWORD}, "core under test")
        self.call("connect")

    def log_in(self, username):
        self.call("logIn", {"username": username, "password": PASSWORD}, "core under test")
        self.call("connect")

    def received(self):
        """The texts that came as events, in order."""
        with self.news:
            return [event["message"]["text"] for event in self.events if event["type"] == "messageReceived"]

    def wait_received(self, texts, timeout=30):
        self._wait(lambda: len(self.received_locked()) >= len(texts), timeout, f"the messages {texts}")
        return self.received()

    def received_locked(self):
        return [event for event in self.events if event["type"] == "messageReceived"]

    def wait_event(self, kind, timeout=30):
        find = lambda: next((event for event in self.events if event["type"] == kind), None)
        self._wait(lambda: find() is not None, timeout, kind)
        return find()

    def send(self, username, text):
        """Sends, and waits until the server has it."""
        message = self.call("send", username, text)
        sent = lambda: any(event["type"] == "messageStateChanged" and event["message"]["id"] == message
                           and event["message"]["state"] == "sent" for event in self.events)
        self._wait(sent, 30, f"'{text}' to be sent")

    def stop(self):
        """Ends in an orderly way."""
        if self.process is not None:
            self.process.stdin.close()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
                raise AssertionError("the device did not end")
            self._reap()

    def kill(self):
        """SIGKILL: as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._reap()

    def _reap(self):
        self.reader.join(5)
        self.process.stdout.close()
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process = None
