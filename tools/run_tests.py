#!/usr/bin/env python3
"""Runs those tests of a build folder whose inputs have changed since they last passed in it.

    run_tests.py BUILD_DIR [--all | CTEST_ARGUMENT...]

The inputs of a test are its command, with every file and folder in it, its environment, what it says that it reads
(REQUIRED_FILES, set by unhidra_test_reads of cmake/Tests.cmake), the installed Debian packages and the variables
UNHIDRA_* of the caller. A test that does not say what it reads runs always; so do all with --all, and those that
CTEST_ARGUMENTs choose. Of a folder every file counts that git does not ignore. The record of passes is a file in the build
folder: a fresh checkout runs everything. Exit code: ctest's.
"""
import functools
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

RECORD = "passed_tests.json"
PACKAGES = pathlib.Path("/var/lib/dpkg/status")


@functools.cache
def file_digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


@functools.cache
def files_known_to_git(folder):
    """The files below a folder that git tracks or would track; None outside of a repository."""
    found = subprocess.run(["git", "-C", folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           capture_output=True, check=False)
    if found.returncode != 0:
        return None
    return [os.path.join(folder, os.fsdecode(name)) for name in found.stdout.split(b"\0") if name]


def files_below(folder):
    known = files_known_to_git(folder)
    if known is None:
        known = [os.path.join(at, name) for at, _, names in os.walk(folder) for name in names]
    return sorted(path for path in known if os.path.isfile(path))


def path_digest(path):
    if os.path.isfile(path):
        return file_digest(path)
    if os.path.isdir(path):
        return [(os.path.relpath(one, path), file_digest(one)) for one in files_below(path)]
    return None


def absolute_paths(words):
    """The files and folders that are named in a command or in the values of an environment."""
    for word in words:
        for part in (word, word.partition("=")[2]):
            if os.path.isabs(part) and os.path.exists(part):
                yield part


def fingerprint(test, binaries, surroundings):
    """A digest of everything that the outcome of the test depends on; None when it does not say what it reads."""
    properties = {one["name"]: one["value"] for one in test.get("properties", [])}
    reads = properties.get("REQUIRED_FILES")
    if not reads or "command" not in test:
        return None
    environment = properties.get("ENVIRONMENT", [])
    # The folder of all programs is in many environments: a test names those programs that it starts.
    named = [path for path in absolute_paths(test["command"] + environment) if pathlib.Path(path) != binaries]
    paths = [(path, path_digest(path)) for path in named + reads]
    told = json.dumps([surroundings, test["command"], environment, properties.get("WORKING_DIRECTORY"), paths])
    return hashlib.blake2b(told.encode()).hexdigest()


def fingerprints(build):
    """Of every test that ctest knows in the build folder."""
    file_digest.cache_clear()
    files_known_to_git.cache_clear()
    shown = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True)
    surroundings = [file_digest(PACKAGES) if PACKAGES.exists() else "",
                    sorted(one for one in os.environ.items() if one[0].startswith("UNHIDRA_"))]
    binaries = pathlib.Path(build).resolve() / "bin"
    return {test["name"]: fingerprint(test, binaries, surroundings) for test in json.loads(shown.stdout)["tests"]}


class Record:
    """What each test last passed with."""

    def __init__(self, build):
        self.path = pathlib.Path(build) / RECORD
        try:
            self.passed = json.loads(self.path.read_text())
        except (FileNotFoundError, ValueError):
            self.passed = {}

    def holds(self, name, now):
        return now is not None and self.passed.get(name) == now

    def note(self, outcomes, before, after):
        """Keeps a pass only when nothing was changed while the test ran."""
        for name, passed in outcomes.items():
            self.passed.pop(name, None)
            if passed and before.get(name) and before[name] == after.get(name):
                self.passed[name] = before[name]
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(self.passed, indent=0, sort_keys=True))
        fresh.replace(self.path)


def outcomes_in(junit):
    """Test name -> whether it ran and passed."""
    try:
        cases = xml.etree.ElementTree.parse(junit).getroot().iter("testcase")
    except (FileNotFoundError, xml.etree.ElementTree.ParseError):
        return {}
    return {case.get("name"): case.get("status") == "run" and case.find("failure") is None for case in cases}


def choose(record, now):
    """The arguments by which ctest runs what has to run; None when nothing has to."""
    changed = [name for name, digest in now.items() if not record.holds(name, digest)]
    kept = len(now) - len(changed)
    if kept and not changed:
        print(f"Nothing that a test reads has changed since all {kept} passed here (./test --all runs them again).")
        return None
    if not kept:
        return []
    print(f"{kept} of {len(now)} tests passed here with everything they read as it is now, and are left out "
          "(./test --all runs them too).", flush=True)
    return ["-R", "^(" + "|".join(re.escape(name) for name in changed) + ")$"]


def main(arguments):
    build, *wanted = arguments
    record = Record(build)
    before = fingerprints(build)
    if wanted == ["--all"]:
        chosen = []
    elif wanted:
        chosen = wanted
    else:
        chosen = choose(record, before)
        if chosen is None:
            return 0
    # A test with servers and clients waits for them nine tenths of its time. The longest start first (COST).
    jobs = 3 * (os.cpu_count() or 1) + 1
    with tempfile.TemporaryDirectory() as folder:
        junit = os.path.join(folder, "junit.xml")
        ended = subprocess.run(["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "-j", str(jobs),
                                "--output-junit", junit, *chosen], stdin=subprocess.DEVNULL, check=False)
        record.note(outcomes_in(junit), before, fingerprints(build))
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
