"""A real S3 server for tests: the RADOS gateway of Ceph on a cluster of one monitor and one storage daemon whose objects are in
memory. Loopback, free ports, a temporary folder; every process is stopped by its own handle, and by the kernel when
the test itself dies."""
import hashlib
import pathlib
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid

from databases import free_port

PROGRAMS = ("ceph", "ceph-authtool", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")

CONFIGURATION = """\
[global]
fsid = {fsid}
keyring = {root}/keyring
mon host = v2:127.0.0.1:{monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
run dir = {root}
log file = {root}/$name.log
pid file = {root}/$name.pid
admin socket = {root}/$name.$pid.asok
crash dir = {root}
[mon]
mon data = {root}/mon
[osd]
osd data = {root}/osd
keyring = {root}/osd/keyring
osd objectstore = memstore
memstore device bytes = 1073741824
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:{gateway}
rgw data = {root}/rgw
"""


def missing_programs():
    return [name for name in PROGRAMS if shutil.which(name) is None]


class CephGateway:
    REGION = "default"  # RGW takes any, as long as the signature fits

    def __init__(self, access_key, secret_key):
        self.access_key, self.secret_key = access_key, secret_key
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="unhidra-ceph-"))
        self.port = free_port()
        self.daemons, self.gateway = [], None
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def start_gateway(self):
        self.gateway = self._daemon("radosgw", "-n", "client.rgw.a")
        self._until(self._answers, 60, "the gateway", self.gateway)

    def kill_gateway(self):
        """As a lost machine would go. The storage behind it stays."""
        if self.gateway:
            self.gateway.kill()
            self.gateway.wait()
            self.gateway = None

    def close(self):
        self.kill_gateway()
        for process in reversed(self.daemons):
            process.kill()
            process.wait()
        self.daemons = []
        shutil.rmtree(self.root, ignore_errors=True)

    # The steps of a manual deployment, https://docs.ceph.com/en/pacific/install/manual-deployment/
    def _build(self):
        fsid, monitor = str(uuid.uuid4()), free_port()
        for name in ("mon", "osd", "rgw"):
            (self.root / name).mkdir()
        (self.root / "ceph.conf").write_text(
            CONFIGURATION.format(root=self.root, fsid=fsid, monitor=monitor, gateway=self.port))
        keys = str(self.root / "keyring")
        everything = ("--cap", "mon", "allow *", "--cap", "osd", "allow *")
        self._run("ceph-authtool", "--create-keyring", keys, "--gen-key", "-n", "mon.", "--cap", "mon", "allow *")
        for name in ("client.admin", "client.rgw.a"):
            self._run("ceph-authtool", keys, "--gen-key", "-n", name, *everything)
        map_ = str(self.root / "monmap")
        self._run("monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v2:127.0.0.1:{monitor}]", map_)
        self._run("ceph-mon", "-i", "a", "--mkfs", "--monmap", map_, "--keyring", keys)
        self.daemons.append(self._daemon("ceph-mon", "-i", "a"))
        disk = str(uuid.uuid4())
        self._ceph("osd", "new", disk)
        self._ceph("auth", "get-or-create", "osd.0", "mon", "allow profile osd", "osd", "allow *", "-o",
                   str(self.root / "osd/keyring"))
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", disk)
        self.daemons.append(self._daemon("ceph-osd", "-i", "0"))
        self._until(lambda: "1 up" in self._ceph("osd", "stat"), 60, "the storage daemon", self.daemons[-1])
        self.start_gateway()
        self._run("radosgw-admin", "user", "create", "--uid=unhidra", "--display-name=unhidra", f"--access-key={self.access_key}",
                  f"--secret-key={self.secret_key}")

    def make_bucket(self, name):
        """By curl and its own signature: nothing of what is tested makes it."""
        nothing = hashlib.sha256(b"").hexdigest()
        done = subprocess.run(["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "60", "--request", "PUT",
                               "--header", f"x-amz-content-sha256: {nothing}", "--aws-sigv4", f"aws:amz:{self.REGION}:s3", "--user", f"{self.access_key}:{self.secret_key}",
                               f"{self.endpoint}/{name}"], capture_output=True, text=True, timeout=90)
        if done.returncode != 0:
            raise AssertionError(f"the bucket could not be made: {done.stdout}{done.stderr}")

    def objects(self, bucket):
        """How many objects the gateway lists, by its own tool."""
        return self._run("radosgw-admin", "bucket", "list", f"--bucket={bucket}").count('"name"')

    def _command(self, program, *arguments):
        return [program, "-c", str(self.root / "ceph.conf"), *arguments]

    def _run(self, program, *arguments):
        if program not in ("ceph-authtool", "monmaptool"):
            program, *arguments = self._command(program, *arguments)
        done = subprocess.run([program, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90, cwd="/")
        if done.returncode != 0:
            raise AssertionError(f"{program} {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def _ceph(self, *arguments):
        return self._run("ceph", "--connect-timeout", "60", *arguments)

    # From the thread that the test runs in: the kernel ties the process to that thread.
    def _daemon(self, program, *arguments):
        with open(self.root / f"{program}.out", "ab") as out:
            return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self._command(program, *arguments, "-f")],
                                    stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/")

    def _answers(self):
        try:
            urllib.request.urlopen(self.endpoint, timeout=5).close()
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def _until(self, condition, timeout, what, process):
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline or process.poll() is not None:
                said = "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(self.root.glob("*.out")))
                raise AssertionError(f"{what} did not get ready (exit code {process.poll()}):\n{said}")
            time.sleep(0.1)
