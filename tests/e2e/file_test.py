"""Encrypted files through the real server and the real client: up and down with breaks in the middle, quotas, ranges,
links, scanners, and what is left of them on the server's disk."""
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import threading
import time
import unittest

from databases import OnPostgreSQL
from harness import PASSWORD, Cli, Server, ServerCase, wait_until
from scanners import Scanner

PART = 8 << 20


def random_file(folder, name, size):
    path = pathlib.Path(folder) / name
    with open(path, "wb") as out:
        for _ in range(size // (1 << 20)):
            out.write(os.urandom(1 << 20))
        out.write(os.urandom(size % (1 << 20)))
    return path


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") \
            else hashlib.sha256(file.read()).hexdigest()


class FileCase(ServerCase):
    def setUp(self):
        self.folder = self.server.root / f"files-{self._testMethodName}"
        self.folder.mkdir()

    def pair(self):
        """Two people with a conversation; names of their own for each test."""
        names = [f"{who}-{self._testMethodName[5:25]}".strip("_-") for who in ("ann", "bob")]
        out = []
        for name in names:
            cli = self.cli(name)
            cli.register(name)
            out.append(cli)
        return out

    def token(self, cli):
        status, _, body = self.server.request("POST", "/v1/login", {"username": cli.username, "password": PASSWORD})
        self.assertEqual(status, 200, body)
        return body["access_token"]

    def file_id(self, cli, peer):
        messages = [line for line in cli.json("files", peer.username) if line["type"] == "message"]
        return messages[-1]["files"][0]["file_id"]

    def objects(self):
        return [path for path in (self.server.data / "files").rglob("*") if path.is_file()]

    def get(self, path, token=None, range_=None):
        status, response, data = self.server.request("GET", path, token=token,
                                                     headers={"Range": range_} if range_ else None)
        return status, response, data

    def break_at(self, process, where, act):
        """Acts once the transfer has come so far; answers what the program printed in all."""
        lines, done = [], False
        for line in process.stdout:
            lines.append(json.loads(line))
            if not done and lines[-1]["type"] == "progress" and lines[-1]["done"] >= where:
                done = True
                act()
        process.wait(120)
        self.assertTrue(done, "the transfer was over before it could break")
        return lines


class Transfers(FileCase):
    server_settings = {"limits.login_per_account": "off"}

    def crash(self):
        self.server.kill()
        self.server.start()

    def test_fifty_megabytes_up_and_down_over_a_server_that_is_killed_twice(self):
        ann, bob = self.pair()
        source = random_file(self.folder, "holiday-film.mp4", 50 << 20)
        sending = ann.start("send-file", bob.username, str(source), "--text", "look at this", json_output=True)
        lines = self.break_at(sending, 2 * PART, self.crash)
        self.assertEqual(sending.returncode, 0, f"{lines}\n{sending.stderr.read()}")
        sending.stdout.close(), sending.stderr.close(), sending.stdin.close()
        bob.ok("listen", "--count", "1", "--timeout", "30")
        target = self.folder / "saved"
        saving = bob.start("save", ann.username, "last", "--output", str(target), json_output=True)
        lines = self.break_at(saving, 2 * PART, self.crash)
        self.assertEqual(saving.returncode, 0, f"{lines}\n{saving.stderr.read()}")
        saving.stdout.close(), saving.stderr.close(), saving.stdin.close()
        self.assertEqual(digest(target), digest(source))
        self.assertEqual(list(ann.profile.glob("uploads/*")), [], "the ciphertext is not kept")

    def test_what_a_killed_client_has_begun_is_ended_later(self):
        ann, bob = self.pair()
        source = random_file(self.folder, "notes.bin", 3 * PART)
        sending = ann.start("send-file", bob.username, str(source), json_output=True)
        self.break_at(sending, PART, sending.kill)
        sending.stdout.close(), sending.stderr.close(), sending.stdin.close()
        self.assertEqual(len(list(ann.profile.glob("uploads/*"))), 1)
        ann.ok("resume-files")
        self.assertEqual(list(ann.profile.glob("uploads/*")), [])
        bob.ok("listen", "--count", "1", "--timeout", "30")
        bob.ok("save", ann.username, "last", "--output", str(self.folder / "saved"))
        self.assertEqual(digest(self.folder / "saved"), digest(source))

    def test_nothing_of_a_file_can_be_read_on_the_server(self):
        ann, bob = self.pair()
        secret, name = b"the plain words of this file 81723", "a-telling-name-5531.txt"
        (self.folder / name).write_bytes(secret * 1000)
        ann.ok("send-file", bob.username, str(self.folder / name), "--text", "words beside it 99182")
        bob.ok("listen", "--count", "1", "--timeout", "30")
        self.assertStoredNowhere([secret, name, "words beside it 99182"], ann.username)
        self.assertTrue(self.objects())

    def test_a_tampered_file_is_refused_and_leaves_nothing_behind(self):
        ann, bob = self.pair()
        source = random_file(self.folder, "a.bin", 200_000)
        before = set(self.objects())
        ann.ok("send-file", bob.username, str(source))
        bob.ok("listen", "--count", "1", "--timeout", "30")
        stored, = set(self.objects()) - before
        whole = stored.read_bytes()
        target = self.folder / "saved"
        for name, content in (("changed", whole[:70_000] + bytes([whole[70_000] ^ 1]) + whole[70_001:]),
                              ("swapped", whole[65_536:131_072] + whole[:65_536] + whole[131_072:]),
                              ("cut", whole[:-1])):
            with self.subTest(name):
                stored.write_bytes(content)
                done = bob.run("save", ann.username, "last", "--output", str(target))
                self.assertNotEqual(done.returncode, 0)
                if name == "cut":  # the server notices, and the client does not try again
                    self.assertIn("no longer has all of this file", done.stderr)
                self.assertEqual(list(self.folder.glob("saved*")), [])
        stored.write_bytes(whole)
        bob.ok("save", ann.username, "last", "--output", str(target))
        self.assertEqual(target.read_bytes(), source.read_bytes())
        self.assertEqual(bob.run("save", ann.username, "last", "--output", str(target)).returncode, 1, "never over another file")

    def test_names_are_cleaned_and_many_files_go_in_one_message(self):
        ann, bob = self.pair()
        odd = self.folder / "evil\u202etxt.exe"
        odd.write_text("x")
        (self.folder / "empty").write_bytes(b"")
        ann.ok("send-file", bob.username, str(odd), str(self.folder / "empty"), "--media-type", "text/plain")
        bob.ok("listen", "--count", "1", "--timeout", "30")
        message, = [line for line in bob.json("files", ann.username) if line["type"] == "message"]
        self.assertEqual([file["name"] for file in message["files"]], ["eviltxt.exe", "empty"])
        self.assertEqual([file["size"] for file in message["files"]], [1, 0])
        bob.ok("save", ann.username, "last", "--number", "2", "--output", str(self.folder / "none"))
        self.assertEqual((self.folder / "none").read_bytes(), b"")
        self.assertEqual(bob.run("save", ann.username, "last", "--number", "3").returncode, 6)

    def test_files_go_with_their_message(self):
        ann, bob = self.pair()
        (self.folder / "a.txt").write_text("something")
        before = len(self.objects())
        ann.ok("send-file", bob.username, str(self.folder / "a.txt"))
        bob.ok("listen", "--count", "1", "--timeout", "30")
        file, token = self.file_id(bob, ann), self.token(bob)
        self.assertEqual(self.get(f"/v1/files/{file}/content", token)[0], 200)
        ann.ok("delete", bob.username, "mine")
        self.assertEqual(self.get(f"/v1/files/{file}/content", token)[0], 404)
        self.assertEqual(len(self.objects()), before + 1, "it is collected later")

    def test_in_a_group_who_is_taken_out_reads_no_more(self):
        ann, bob = self.pair()
        ann.ok("group", "create", "the team", bob.username)
        (self.folder / "a.txt").write_text("something")
        ann.ok("send-file", "#the team", str(self.folder / "a.txt"))
        bob.ok("listen", "--count", "1", "--timeout", "30")
        message, = [line for line in bob.json("files", "#the team") if line["type"] == "message"]
        file, token = message["files"][0]["file_id"], self.token(bob)
        link = self.server.request("POST", f"/v1/files/{file}/links", token=token)[2]["path"]
        self.assertEqual(self.get(link)[0], 200)
        ann.ok("group", "remove", "the team", bob.username)
        self.assertEqual(self.get(f"/v1/files/{file}/content", token)[0], 404)
        self.assertEqual(self.get(link)[0], 404)


class Limits(OnPostgreSQL, FileCase):
    server_settings = {"files.user_quota": "1MiB", "files.organization_quota": "1500KiB", "files.max_size": "700KiB",
                       "files.link_lifetime": "2s", "files.collect_interval": "200ms", "limits.login_per_account": "off"}

    def test_quotas_ranges_links_and_collecting(self):
        ann, bob = self.pair()
        def refused(cli, peer, size, code):
            path = random_file(self.folder, f"{size}.bin", size)
            done = cli.run("send-file", peer.username, str(path))
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(code, done.stderr)
            self.assertEqual(list(cli.profile.glob("uploads/*")), [])
        source = random_file(self.folder, "first.bin", 600_000)
        ann.ok("send-file", bob.username, str(source))
        refused(ann, bob, 800_000, "files.too_large")
        refused(ann, bob, 500_000, "files.quota_exceeded")
        bob.ok("listen", "--count", "1", "--timeout", "30")
        token, file = self.token(bob), self.file_id(bob, ann)
        status, _, usage = self.get("/v1/file-usage", self.token(ann))
        self.assertEqual((status, usage["quota"], usage["used"] > 600_000), (200, 1 << 20, True))

        path = f"/v1/files/{file}/content"
        status, response, whole = self.get(path, token)
        self.assertEqual((status, response.getheader("Content-Type")), (200, "application/octet-stream"))
        self.assertEqual(response.getheader("Content-Disposition"), "attachment")
        self.assertEqual(response.getheader("X-Content-Type-Options"), "nosniff")
        self.assertIn("sandbox", response.getheader("Content-Security-Policy"))
        status, response, piece = self.get(path, token, "bytes=1000-1999")
        self.assertEqual((status, piece), (206, whole[1000:2000]))
        self.assertEqual(response.getheader("Content-Range"), f"bytes 1000-1999/{len(whole)}")
        self.assertEqual(self.get(path, token, f"bytes={len(whole)}-")[0], 416)
        self.assertEqual(self.get(path, token, "bytes=0-1,5-6")[2], whole)
        head = self.server.request("HEAD", path, token=token)
        self.assertEqual((head[0], head[1].getheader("Content-Length")), (200, str(len(whole))))

        status, _, link = self.server.request("POST", f"/v1/files/{file}/links", token=token)
        self.assertEqual(status, 201)
        self.assertEqual(self.get(link["path"])[2], whole)
        time.sleep(2.2)
        self.assertEqual(self.get(link["path"])[0], 404)

        self.assertEqual(len(self.objects()), 1)
        ann.ok("delete", bob.username, "mine")
        wait_until(lambda: not self.objects(), 15, "the collecting of the deleted file")
        wait_until(lambda: self.get("/v1/file-usage", self.token(ann))[2]["used"] == 0, 15, "the quota's return")
        metrics = self.server.request("GET", "/metrics")[2].decode()
        self.assertIn("files_collected_total 1", metrics)


class Scanning(FileCase):
    def scanner(self, **options):
        out = Scanner(**options)
        self.addCleanup(out.close)
        return out

    def received(self, bob, ann):
        bob.ok("listen", "--count", "1", "--timeout", "30")
        return [line for line in bob.json("files", ann.username) if line["type"] == "message"][-1]["files"][0]

    def test_a_clean_file_carries_the_signed_verdict(self):
        ann, bob = self.pair()
        scanner = self.scanner()
        path = random_file(self.folder, "a.bin", 600_000)
        ann.ok("send-file", bob.username, str(path), "--clamd", scanner.address, "--require-scan")
        self.assertEqual(scanner.scanned, [path.read_bytes()])
        file = self.received(bob, ann)
        self.assertEqual((file["scan"], file["scanner"]), ("clean", "ClamAV 9.9.9/1/today"))
        self.assertIn("found nothing", bob.ok("files", ann.username))

    def test_an_infected_file_is_not_sent_unless_asked_for(self):
        ann, bob = self.pair()
        scanner = self.scanner()
        (self.folder / "bad.txt").write_text("some EVIL text")
        done = ann.run("send-file", bob.username, str(self.folder / "bad.txt"), "--clamd", scanner.address)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Test-Signature", done.stderr)
        ann.ok("send-file", bob.username, str(self.folder / "bad.txt"), "--clamd", scanner.address, "--send-infected")
        self.assertEqual(self.received(bob, ann)["scan"], "infected")
        self.assertIn("VIRUS", bob.ok("files", ann.username))

    def test_without_a_scanner_nothing_is_claimed(self):
        ann, bob = self.pair()
        (self.folder / "a.txt").write_text("x" * 5000)
        small = self.scanner(limit=100)
        for address in ("127.0.0.1:1", small.address):
            done = ann.run("send-file", bob.username, str(self.folder / "a.txt"), "--clamd", address, "--require-scan")
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn("scanner", done.stderr)
        ann.ok("send-file", bob.username, str(self.folder / "a.txt"), "--clamd", small.address)
        self.assertEqual(self.received(bob, ann)["scan"], "none")


class Relay:
    """A way to a server of this machine that can be closed and opened again."""

    def __init__(self, target):
        self.target, self.open = target, True
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            if not self.open:
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self.move, args=(source, sink), daemon=True).start()

    def move(self, source, sink):
        try:
            while self.open and (data := source.recv(1 << 16)):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.socket.close()


class Bucket(FileCase):
    """The object store is a bucket: a server that checks every signature, reached over a line that breaks."""

    @classmethod
    def setUpClass(cls):
        fake = pathlib.Path(__file__).parents[2] / "libs/objects/tests/fake_s3.py"
        cls.bucket = subprocess.Popen(["/usr/bin/python3", "-B", str(fake)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                      text=True)
        cls.addClassCleanup(cls.end)
        cls.relay = Relay(int(cls.bucket.stdout.readline().split()[1]))
        cls.addClassCleanup(cls.relay.close)
        cls.server_settings = {
            "files.store": "s3", "files.s3_endpoint": f"http://127.0.0.1:{cls.relay.port}", "files.s3_bucket": "unhidra-files",
            "files.s3_region": "eu-test-1", "files.s3_access_key": "AKTEST", "files.s3_secret_key": "SKTEST",
            "files.s3_prefix": "here/", "limits.login_per_account": "off"}
        super().setUpClass()

    @classmethod
    def end(cls):
        cls.bucket.kill()
        cls.bucket.wait()
        cls.bucket.stdout.close()

    def test_a_bucket_that_is_gone_for_a_while_loses_nothing(self):
        ann, bob = self.pair()
        source = random_file(self.folder, "a.bin", 3 * PART)
        def interrupt():
            self.relay.open = False
            threading.Timer(1.5, lambda: setattr(self.relay, "open", True)).start()
        sending = ann.start("send-file", bob.username, str(source), json_output=True)
        lines = self.break_at(sending, PART, interrupt)
        self.assertEqual(sending.returncode, 0, f"{lines}\n{sending.stderr.read()}")
        sending.stdout.close(), sending.stderr.close(), sending.stdin.close()
        bob.ok("listen", "--count", "1", "--timeout", "30")
        bob.ok("save", ann.username, "last", "--output", str(self.folder / "saved"))
        self.assertEqual(digest(self.folder / "saved"), digest(source))
        file, token = self.file_id(bob, ann), self.token(bob)
        self.relay.open = False
        status, _, problem = self.get(f"/v1/files/{file}/content", token)
        self.assertEqual((status, problem["code"]), (503, "files.store_unavailable"))
        self.relay.open = True
        self.assertEqual(self.get(f"/v1/files/{file}/content", token)[0], 200)
        self.assertFalse((self.server.data / "files").exists())
        self.assertNotIn("SKTEST", self.server.log_text())


    def test_who_waits_for_a_server_that_takes_no_files_is_told_and_need_not_wait_for_ever(self):
        ann, bob = self.pair()
        ann.ok("send", bob.username, "hello")
        source = random_file(self.folder, "b.bin", 100_000)
        self.relay.open = False
        self.addCleanup(setattr, self.relay, "open", True)
        begun = time.monotonic()
        refused = ann.run("send-file", bob.username, str(source), "--timeout", "4")
        self.assertEqual(refused.returncode, 4, f"{refused.stdout}{refused.stderr}")
        self.assertLess(time.monotonic() - begun, 30)
        told = refused.stdout + refused.stderr
        self.assertIn("Trying again for 4 s; Ctrl-C ends that, and unhidra-cli resume-files goes on.", told)
        self.assertEqual(told.count("Trying again"), 1)
        self.assertIn("The rest goes up with unhidra-cli resume-files.", told)
        again = ann.run("resume-files", "--timeout", "1")
        self.assertEqual(again.returncode, 4, f"{again.stdout}{again.stderr}")

        # It waits for as long as it was told to, and is done as soon as the server takes files again.
        waiting = ann.start("resume-files", "--timeout", "60")
        for line in waiting.stderr:
            if "Trying again" in line:
                break
        self.relay.open = True
        self.assertEqual(waiting.wait(timeout=50), 0)
        waiting.stdout.close(), waiting.stderr.close(), waiting.stdin.close()
        bob.ok("listen", "--count", "2", "--timeout", "30")
        bob.ok("save", ann.username, "last", "--output", str(self.folder / "saved"))
        self.assertEqual(digest(self.folder / "saved"), digest(source))
        self.assertEqual(list((ann.profile / "uploads").iterdir()), [])


class BrokenStore(unittest.TestCase):
    def test_an_object_store_that_cannot_be_is_named_at_the_start(self):
        for settings, words in (({"files.store": "s3"}, "s3_endpoint"), ({"files.directory": "/proc/nowhere"}, "files.directory")):
            server = Server(settings=settings)
            self.addCleanup(server.close)
            with self.assertRaises(AssertionError) as failed:
                server.start(20)
            self.assertIn(words, str(failed.exception))


if __name__ == "__main__":
    unittest.main()
