"""Files in a bucket of a real S3 server that is not ours: the RADOS gateway of Ceph, as Debian has it."""
import re
import subprocess
import time
import unittest

import ceph
from file_test import PART, FileCase, digest, random_file
from harness import Server, clean_environment, wait_until
from programs import program

BUCKET, ACCESS, SECRET = "unhidra-files", "AKCEPH", "SKCEPHsecret/with+signs"
PROGRAMS_MISSING = ceph.missing_programs()
gateway = None


def setUpModule():
    global gateway
    if PROGRAMS_MISSING:
        raise unittest.SkipTest(f"Ceph is not installed: {', '.join(PROGRAMS_MISSING)} missing")
    gateway = ceph.CephGateway(ACCESS, SECRET)
    unittest.addModuleCleanup(gateway.close)
    gateway.make_bucket(BUCKET)


class Contract(unittest.TestCase):
    def test_the_store_keeps_its_whole_contract(self):
        """The tests of the store itself, which else run against a server of our own."""
        where = f"{gateway.endpoint} {BUCKET} {gateway.REGION} {ACCESS} {SECRET}"
        done = subprocess.run([program("objects_test")], capture_output=True, text=True, timeout=120,
                              env={**clean_environment(), "UNHIDRA_TEST_S3": where})
        self.assertEqual(done.returncode, 0, done.stdout[-5000:])
        self.assertNotIn("SKIPPED", done.stdout)
        self.assertGreaterEqual(int(re.search(r"PASSED\s+\] (\d+) tests", done.stdout)[1]), 5, done.stdout[-2000:])


class Misconfigured(unittest.TestCase):
    def test_a_key_or_bucket_that_it_does_not_know_is_told_at_the_start(self):
        for change, words in (({"files.s3_access_key": "AKNOBODY"}, "InvalidAccessKeyId"),
                              ({"files.s3_secret_key": "anotherSECRET"}, "SignatureDoesNotMatch"),
                              ({"files.s3_bucket": "unhidra-nowhere"}, "no bucket unhidra-nowhere")):
            with self.subTest(words):
                server = Server(settings={**bucket_settings(), **change})
                self.addCleanup(server.close)
                with self.assertRaises(AssertionError) as failed:
                    server.start(20)
                said = str(failed.exception)
                self.assertIn(words, said)
                self.assertIn("files.s3_endpoint, s3_bucket", said)
                self.assertNotIn("SECRET", said)
                self.assertNotIn(SECRET, said)


def bucket_settings():
    return {"files.store": "s3", "files.s3_endpoint": gateway.endpoint, "files.s3_bucket": BUCKET,
            "files.s3_region": gateway.REGION, "files.s3_access_key": ACCESS, "files.s3_secret_key": SECRET,
            "files.s3_prefix": "here/", "files.collect_interval": "200ms", "limits.login_per_account": "off"}


class Bucket(FileCase):
    @classmethod
    def setUpClass(cls):
        cls.server_settings = bucket_settings()
        super().setUpClass()

    def send(self, cli, peer, source, act):
        sending = cli.start("send-file", peer.username, str(source), json_output=True)
        try:
            lines = self.break_at(sending, PART, act)
            self.assertEqual(sending.returncode, 0, f"{lines}\n{sending.stderr.read()}")
        finally:
            for stream in (sending.stdout, sending.stderr, sending.stdin):
                stream.close()

    def test_a_file_comes_back_though_the_gateway_was_killed_in_its_middle(self):
        ann, bob = self.pair()
        before = gateway.objects(BUCKET)
        source = random_file(self.folder, "film.bin", 3 * PART + 12_345)

        def lose_the_gateway():
            gateway.kill_gateway()
            time.sleep(1.5)
            gateway.start_gateway()

        self.send(ann, bob, source, lose_the_gateway)
        bob.ok("listen", "--count", "1", "--timeout", "30")
        bob.ok("save", ann.username, "last", "--output", str(self.folder / "saved"))
        self.assertEqual(digest(self.folder / "saved"), digest(source))
        self.assertEqual(gateway.objects(BUCKET), before + 1)
        self.assertFalse((self.server.data / "files").exists(), "nothing is kept beside the bucket")

        file, token = self.file_id(bob, ann), self.token(bob)
        gateway.kill_gateway()
        status, _, problem = self.get(f"/v1/files/{file}/content", token)
        self.assertEqual((status, problem["code"]), (503, "files.store_unavailable"))
        gateway.start_gateway()
        status, _, piece = self.get(f"/v1/files/{file}/content", token, f"bytes={PART - 10}-{PART + 9}")
        self.assertEqual((status, len(piece)), (206, 20))

        ann.ok("delete", bob.username, "mine")
        wait_until(lambda: gateway.objects(BUCKET) == before, 30, "the collecting of the deleted file")
        self.assertNotIn(SECRET, self.server.log_text())


if __name__ == "__main__":
    unittest.main()
