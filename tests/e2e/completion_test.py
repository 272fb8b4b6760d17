"""What zsh and fish offer for the words that were typed: the real shells, reading the client's own scripts."""
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from harness import clean_environment
from programs import program


class Shell(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="unhidra-shell-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        (self.folder / "photo.png").touch()
        self.env = {**clean_environment(), "HOME": str(self.folder), "TERM": "dumb", "PATH": f"{program('unhidra-cli').parent}:/usr/bin:/bin"}

    def script(self, shell):
        made = subprocess.run([program("unhidra-cli"), "completion", shell], capture_output=True, text=True, check=True, timeout=30)
        path = self.folder / f"completion.{shell}"
        path.write_text(made.stdout)
        return path


@unittest.skipUnless(shutil.which("fish"), "fish is not installed")
class Fish(Shell):
    def offered(self, line):
        done = subprocess.run(["fish", "--no-config", "-c", f"source {self.script('fish')}; complete -C \"$argv[1]\"", line],
                              capture_output=True, text=True, timeout=30, env=self.env, cwd=self.folder)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return [one.split("\t")[0] for one in done.stdout.splitlines()]

    def test_it_offers_what_the_client_has(self):
        self.assertEqual(self.offered("unhidra-cli gro"), ["group"])
        self.assertEqual(self.offered("unhidra-cli group h"), ["history"])
        self.assertEqual(self.offered("unhidra-cli --server group devices history re"), ["receive"])
        self.assertEqual(self.offered("unhidra-cli completion f"), ["fish"])
        self.assertEqual(self.offered("unhidra-cli listen --cou"), ["--count"])
        self.assertEqual(self.offered("unhidra-cli send-file ann pho"), ["photo.png"])


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(Shell):
    """On a terminal: zsh completes nowhere else. What it puts behind the typed words is read from the line itself."""

    def completed(self, line):
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execve("/usr/bin/zsh", ["zsh", "-f", "-i"], self.env)
        try:
            self.say(terminal, "PS1=; PROMPT_EOL_MARK=; unsetopt zle_bracketed_paste 2>/dev/null; autoload -Uz compinit; "
                               f"compinit -u -D; source {self.script('zsh')}; "
                               "show() { print -r -- \"<<$BUFFER>>\"; BUFFER=; zle accept-line }; zle -N show; "
                               "bindkey '^X' show; print rea''dy\n")
            self.heard(terminal, "ready\r?\n")
            self.say(terminal, line + "\t")
            time.sleep(0.5)  # so long zsh may take to put it there; what it reads later is not lost
            self.say(terminal, "\x18")
            return self.heard(terminal, "<<(.*?)>>")[1].strip()
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(terminal)

    @staticmethod
    def say(terminal, keys):
        os.write(terminal, keys.encode())

    def heard(self, terminal, pattern):
        text, end = "", time.monotonic() + 30
        while not (found := re.search(pattern, text)):
            if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
                self.fail(f"{pattern!r} was not said: {text!r}")
            text += os.read(terminal, 65536).decode(errors="replace")
        return found

    def test_it_completes_what_the_client_has(self):
        for typed, whole in (("unhidra-cli gro", "unhidra-cli group"), ("unhidra-cli group hi", "unhidra-cli group history"),
                             ("unhidra-cli --server group devices history re", "unhidra-cli --server group devices history receive"),
                             ("unhidra-cli completion f", "unhidra-cli completion fish"), ("unhidra-cli listen --cou", "unhidra-cli listen --count"),
                             ("unhidra-cli send-file ann pho", "unhidra-cli send-file ann photo.png")):
            with self.subTest(typed):
                self.assertEqual(self.completed(typed), whole)


if __name__ == "__main__":
    unittest.main()
