"""Starts the real server and the real client for tests: loopback, free ports, a temporary directory, stopped by pid.

Standard library only.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from programs import program
from stored import Stored

PASSWORD = "correct horse battery staple"

# Tests come from one address and in quick succession: what is not about limits runs without the per-address ones, and
# with a cheap password hash. A test about them sets them back with None, which means the default.
SETTINGS = {
    "auth.listen": "127.0.0.1:0",
    "gateway.listen": "127.0.0.1:0",
    "automation.listen": "127.0.0.1:0",
    "automation.mqtt_listen": "127.0.0.1:0",
    "automation.mqtts_listen": "127.0.0.1:0",
    "log.level": "info",
    "auth.open_sign_up": "true",
    "auth.password_memory": "1MiB",
    "auth.password_passes": "1",
    "limits.registration_per_ip": "off",
    "limits.device_registration_per_ip": "off",
    "limits.enrolment_per_ip": "off",
    "limits.login_per_ip": "off",
    "limits.refresh_per_ip": "off",
    "limits.connections_per_ip": "off",
    "limits.connections_per_user": "off",
}


def clean_environment():
    """Ours without UNHIDRA_* variables, which the programs take for settings."""
    return {key: value for key, value in os.environ.items() if not key.startswith("UNHIDRA_")}


class Server:
    """One `unhidra serve` process. Its data outlives restarts, until close()."""

    def __init__(self, *options, settings=None, data_dir=None, database=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="unhidra-e2e-"))
        self.data = pathlib.Path(data_dir) if data_dir else self.root / "data"
        self.settings = dict(SETTINGS)
        if database:
            self.settings["database.url"] = database
        self.settings.update(settings or {})
        self.options = list(options)
        self.wrapper = []  # a command that the server is started through
        self.process = None
        self.summary = ""
        self.setup_token = None
        self.logs = []

    def set_flags(self):
        return [part for name, value in self.settings.items() if value is not None
                for part in ("--set", f"{name}={value}")]

    def serve_command(self):
        return [str(program("unhidra")), "serve", "--data-dir", str(self.data), *self.options, *self.set_flags()]

    def start(self, timeout=60):
        """Starts it and waits until it is ready; later starts keep the ports of the first."""
        command = self.wrapper + self.serve_command()
        self.log_path = self.root / f"server-{len(self.logs)}.log"
        self.logs.append(self.log_path)
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                                            text=True, env=clean_environment())
        lines = []
        ready = threading.Event()

        def read():
            for line in self.process.stdout:
                lines.append(line)
                if line.startswith("Ready"):
                    ready.set()
            ready.set()

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        ready.wait(timeout)
        self.summary = "".join(lines)
        if not any(line.startswith("Ready") for line in lines):
            self.kill()
            raise AssertionError(f"the server did not get ready:\n{self.summary}\n{self.log_text()[-3000:]}")
        auth = re.search(r"Auth\s+https://[\w.]+:(\d+)", self.summary)
        gateway = re.search(r"Gateway\s+wss://[\w.]+:(\d+)(/\S*)", self.summary)
        devices = re.search(r"Devices\s+https://[\w.]+:(\d+)", self.summary)
        if devices:
            self.devices_port = int(devices.group(1))
            self.settings["automation.listen"] = f"127.0.0.1:{self.devices_port}"
        mqtt = re.search(r"MQTT\s+mqtts://[\w.]+:(\d+)\s+mqtt://[\w.]+:(\d+)", self.summary)
        if mqtt:
            self.mqtts_port, self.mqtt_port = int(mqtt.group(1)), int(mqtt.group(2))
            self.settings["automation.mqtts_listen"] = f"127.0.0.1:{self.mqtts_port}"
            self.settings["automation.mqtt_listen"] = f"127.0.0.1:{self.mqtt_port}"
        token = re.search(r"\buhs_[\w-]+", self.summary)
        self.setup_token = token.group(0) if token else None
        if auth:
            self.auth_port = int(auth.group(1))
            self.settings["auth.listen"] = f"127.0.0.1:{self.auth_port}"
        if gateway:
            self.gateway_port, self.gateway_path = int(gateway.group(1)), gateway.group(2)
            self.settings["gateway.listen"] = f"127.0.0.1:{self.gateway_port}"
        return self

    @property
    def url(self):
        return f"https://127.0.0.1:{self.auth_port}"

    @property
    def ca(self):
        return self.data / "ca.pem"

    def ssl_context(self):
        return ssl.create_default_context(cafile=str(self.ca))

    def request(self, method, path, body=None, token=None, headers=None, port=None, raw_body=None):
        """One REST call; answers (status, headers, decoded JSON or bytes)."""
        connection = http.client.HTTPSConnection("127.0.0.1", port or self.auth_port, timeout=30,
                                                 context=self.ssl_context())
        try:
            fields = dict(headers or {})
            payload = raw_body
            if body is not None:
                payload = json.dumps(body).encode()
                fields.setdefault("Content-Type", "application/json")
            if token:
                fields["Authorization"] = f"Bearer {token}"
            connection.request(method, path, body=payload, headers=fields)
            response = connection.getresponse()
            data = response.read()
            if "json" in (response.getheader("Content-Type") or ""):
                data = json.loads(data) if data else None
            return response.status, response, data
        finally:
            connection.close()

    def log_text(self):
        return "\n".join(path.read_text(errors="replace") for path in self.logs if path.exists())

    def wait_for_log(self, text, patience=10):
        deadline = time.monotonic() + patience
        while text not in self.log_text():
            if time.monotonic() > deadline:
                raise AssertionError(f"{text} is not in the log:\n{self.log_text()[-3000:]}")
            time.sleep(0.05)

    def stop(self, timeout=30):
        """SIGTERM; answers the exit code."""
        if self.process is None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server did not stop after SIGTERM:\n" + self.log_text()[-2000:])
        self._reap()
        return code

    def kill(self):
        """SIGKILL: as a crash or a lost machine would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._reap()

    def _reap(self):
        self.reader.join(5)
        self.process.stdout.close()
        self.process = None

    def set_up(self, username="root", organization="First"):
        """Creates the first administrator; answers his tokens."""
        status, _, tokens = self.request("POST", "/v1/setup", {
            "setup_token": self.setup_token, "username": username, "password": PASSWORD, "organization": organization})
        if status != 201:
            raise AssertionError(f"set-up: {status} {tokens}")
        return tokens

    def admin(self, *arguments, check=True):
        """`unhidra admin ...` on this server's data; answers the finished process."""
        command = [str(program("unhidra")), "admin", "--data-dir", str(self.data)]
        if "database.url" in self.settings:
            command += ["--set", f"database.url={self.settings['database.url']}"]
        run = subprocess.run(command + list(arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                             timeout=120, env=clean_environment())
        if check and run.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {run.returncode}\n{run.stdout}{run.stderr}")
        return run

    def close(self):
        if self.process is not None:
            self.kill()
        # A browser's helpers may still be writing for a moment after the browser has ended.
        for _ in range(50):
            shutil.rmtree(self.root, ignore_errors=True)
            if not self.root.exists():
                break
            time.sleep(0.1)


class Cli:
    """One device: an unhidra-cli profile."""

    def __init__(self, server, name):
        self.server = server
        self.profile = server.root / f"profile-{name}"
        password = server.root / "password"
        password.write_text(PASSWORD + "\n")
        self.password_file = str(password)
        self.passphrase = "passphrase for tests"

    def command(self, *arguments, json_output=False):
        out = [str(program("unhidra-cli")), "--profile", str(self.profile), "--server", self.server.url, "--ca",
               str(self.server.ca)]
        if json_output:
            out.append("--json")
        return out + list(arguments)

    def environment(self):
        env = clean_environment()
        env["UNHIDRA_PASSPHRASE"] = self.passphrase
        env["UNHIDRA_PASSPHRASE_MEMORY"] = "1MiB"  # a command would spend most of its time on the default
        env["HOME"] = str(self.server.root)
        for name in ("DBUS_SESSION_BUS_ADDRESS", "XDG_STATE_HOME", "XDG_DATA_HOME"):
            env.pop(name, None)
        return env

    def run(self, *arguments, json_output=False, input=None, timeout=60):
        return subprocess.run(self.command(*arguments, json_output=json_output), input=input or "",
                              capture_output=True, text=True, timeout=timeout, env=self.environment())

    def ok(self, *arguments, **options):
        """Runs it, insists on success, answers its standard output."""
        done = self.run(*arguments, **options)
        if done.returncode != 0:
            raise AssertionError(f"unhidra-cli {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}"
                                 f"{done.stderr}\n--- server log\n{self.server.log_text()[-3000:]}")
        return done.stdout

    def json(self, *arguments, **options):
        """The lines of --json output."""
        out = self.ok(*arguments, json_output=True, **options)
        return [json.loads(line) for line in out.splitlines() if line.strip()]

    def start(self, *arguments, json_output=False):
        return subprocess.Popen(self.command(*arguments, json_output=json_output), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment())

    def register(self, username):
        self.username = username
        return self.ok("register", "--username", username, "--password-file", self.password_file)

    def login(self, username):
        self.username = username
        return self.ok("login", "--username", username, "--password-file", self.password_file)


class ServerCase(unittest.TestCase):
    """A test class with one server of its own, started once."""

    server_settings = {}
    server_options = ()
    server_database = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server(*cls.server_options, settings=cls.server_settings, database=cls.server_database)
        cls.addClassCleanup(cls.server.close)
        cls.server.start()

    def cli(self, name):
        return Cli(self.server, f"{type(self).__name__}-{self._testMethodName}-{name}")

    def database_folders(self):
        """Where its database keeps its files, when that is not the server's own folder."""
        return []

    def assertStoredNowhere(self, texts, known):
        """In no file of the server, its logs among them, and in no table. `known` is a text that must be in one."""
        stored = Stored(self.server.data, *self.database_folders(), database=self.server_database)
        for log in self.server.logs:
            stored.add(log)
        self.assertEqual(stored.check(texts, known), [])


def wait_until(condition, timeout=10, what="the condition"):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come about within {timeout} s")


def unhidra(*arguments, environment=None, timeout=60):
    """Runs the server program to its end."""
    return subprocess.run([str(program("unhidra")), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, env={**clean_environment(), **(environment or {})})
