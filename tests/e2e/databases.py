"""A real PostgreSQL and a real NATS server for tests, on loopback and free ports, stopped by their own handles."""
import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process, timeout=30):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"it ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


class PostgreSQL:
    """A cluster of its own. PostgreSQL does not run as root; then it runs as the user `postgres` or `nobody`."""

    def __init__(self):
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
        if not programs:
            raise AssertionError("PostgreSQL is not installed")
        self.programs = pathlib.Path(programs[-1]).parent
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="unhidra-pg-"))
        self.port, self.process = free_port(), None
        self.switch = {}
        if os.getuid() == 0:
            for name in ("postgres", "nobody"):
                try:
                    user = pwd.getpwnam(name)
                    break
                except KeyError:
                    continue
            os.chown(self.root, user.pw_uid, user.pw_gid)
            self.switch = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._run("initdb", "-D", str(self.root / "data"), "-U", "unhidra", "-A", "trust", "-E", "UTF8", "--no-sync",
                  "--locale=C")
        self.url = f"postgresql://unhidra@127.0.0.1:{self.port}/postgres"

    def _run(self, program, *arguments):
        done = subprocess.run([str(self.programs / program), *arguments], capture_output=True, text=True, timeout=120,
                              cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"}, **self.switch)
        if done.returncode != 0:
            raise AssertionError(f"{program}: {done.stdout}{done.stderr}")

    def start(self):
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.root / "data"), "-p", str(self.port),
                 "-h", "127.0.0.1", "-k", str(self.root), "-c", "fsync=off", "-c", "max_connections=200"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
                **self.switch)
        deadline = time.monotonic() + 30
        while True:  # accepts connections only after its recovery
            done = subprocess.run([str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)],
                                  cwd="/")
            if done.returncode == 0:
                return self
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise AssertionError((self.root / "log").read_text()[-3000:])
            time.sleep(0.05)

    def stop(self):
        """At once, as if the machine were gone."""
        if self.process:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
            self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


class OnPostgreSQL:
    """Before a ServerCase among the bases: its server stands on a PostgreSQL of its own."""

    @classmethod
    def setUpClass(cls):
        cls.database = PostgreSQL()
        cls.addClassCleanup(cls.database.close)
        cls.database.start()
        cls.server_database = cls.database.url
        super().setUpClass()

    def database_folders(self):
        return [self.database.root / "data"]


class Nats:
    def __init__(self):
        program = shutil.which("nats-server") or "/usr/sbin/nats-server"
        self.port = free_port()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([program, "-a", "127.0.0.1", "-p", str(self.port)], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        wait_for_port(self.port, self.process)
        self.url = f"nats://127.0.0.1:{self.port}"

    def close(self):
        self.process.terminate()
        self.process.wait(15)
        self.log.close()
