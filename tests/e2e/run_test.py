"""./run: what it does around the build. The compiler and the web client's build are stood in for; the server is the real one."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from harness import Server, clean_environment
from programs import program

ROOT = pathlib.Path(__file__).resolve().parents[2]
WEB_BUILD = "mkdir -p {0}/dist && echo '<title>it is served</title>' > {0}/dist/index.html"


class Run(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="unhidra-run-"))
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        self.tree, self.stubs = self.root / "tree", self.root / "stubs"
        self.stubs.mkdir()
        shutil.copytree(ROOT / "tools", self.tree / "tools")
        shutil.copy(ROOT / "run", self.tree)
        (self.tree / "build/release").mkdir(parents=True)
        (self.tree / "build/release/bin").symlink_to(program("unhidra").parent)
        self.stub("cmake", f'echo "$*" >> {self.root}/cmake.log')
        self.stub("apt-get", f'echo "$*" >> {self.root}/apt.log; echo "no such package"; exit 100')
        self.program(self.tree / "web/app/build.sh", WEB_BUILD.format(self.tree / "web/app"))

    def program(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)

    def stub(self, name, text):
        self.program(self.stubs / name, text)

    def environment(self):
        return {**clean_environment(), "PATH": f"{self.stubs}:{os.environ['PATH']}"}

    def server(self):
        """As a person starts it, but for the ports."""
        test = self

        class Started(Server):
            def serve_command(self):
                path = test.environment()["PATH"]
                return ["/usr/bin/env", f"PATH={path}", str(test.tree / "run"), *self.set_flags()]

        server = Started(data_dir=self.tree / "data")
        self.addCleanup(server.close)
        return server

    def run_it(self, *arguments):
        return subprocess.run([str(self.tree / "run"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=60, env=self.environment())

    def page(self, server):
        return server.request("GET", "/", port=server.gateway_port)

    def test_the_first_start_and_the_second(self):
        server = self.server()
        server.start()
        self.assertTrue((self.tree / "data/ca.pem").exists())
        self.assertIn(str(self.tree / "data"), server.summary)
        self.assertTrue(server.setup_token)
        self.assertIn("register --invite", server.summary)
        self.assertIn(b"it is served", self.page(server)[2])
        self.assertIn("--target unhidra unhidra-cli unhidra-device", (self.root / "cmake.log").read_text())
        server.set_up()
        # It has become the server: whoever ends it ends that one, in order.
        self.assertEqual(server.stop(), 0)
        began = time.monotonic()
        server.start()
        self.assertLess(time.monotonic() - began, 30)
        self.assertIsNone(server.setup_token)
        self.assertEqual(server.request("POST", "/v1/login", {"username": "root", "password": "wrong"})[0], 401)

    def test_without_the_web_client_the_server_starts_all_the_same(self):
        self.program(self.tree / "web/app/build.sh", "echo 'the reason of it'; exit 1")
        server = self.server()
        server.start()
        self.assertIn("the reason of it", server.log_text())
        self.assertIn("The web client could not be built; the server starts without it.", server.log_text())
        self.assertNotIn(b"it is served", self.page(server)[2] or b"")

    def test_what_cannot_be_installed_is_said(self):
        with open(self.tree / "tools/packages.txt", "a", encoding="utf-8") as packages:
            packages.write("build no-such-package-of-debian\n")
        run = self.run_it()
        self.assertEqual(run.returncode, 1)
        self.assertEqual(run.stdout, "")
        for words in ("Installing 1 Debian packages: no-such-package-of-debian", "no such package", "The installation failed"):
            self.assertIn(words, run.stderr)

    def test_a_build_that_fails_is_shown_and_starts_nothing(self):
        self.stub("cmake", 'case $1 in --build) echo "[1/2] one"; echo "main.cpp:3: error: it is wrong"; exit 1;; esac')
        run = self.run_it()
        self.assertEqual(run.returncode, 1)
        self.assertIn("main.cpp:3: error: it is wrong", run.stderr)
        self.assertNotIn("[1/2]", run.stderr)
        self.assertFalse((self.tree / "data").exists())

    def test_help_needs_nothing(self):
        run = self.run_it("--help")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("./run demo", run.stdout)
        self.assertFalse((self.root / "cmake.log").exists())

    def test_an_option_that_is_none_is_an_error_of_the_server(self):
        run = self.run_it("--no-such-option")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("--no-such-option", run.stderr)


if __name__ == "__main__":
    unittest.main()
