"""Tests of tools/run_tests.py, on a build folder of three tests that note down when they run."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(sys.argv.pop(1)).resolve()

CTEST_FILE = """
add_test(alpha "/bin/sh" "{source}/test.sh" "alpha")
set_tests_properties(alpha PROPERTIES REQUIRED_FILES "{source}/data")
add_test(beta.b "/bin/sh" "{source}/test.sh" "beta.b")
set_tests_properties(beta.b PROPERTIES REQUIRED_FILES "{source}/other")
add_test(silent "/bin/sh" "{source}/test.sh" "silent")
"""


class RunTests(unittest.TestCase):
    def setUp(self):
        self.source = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.source)
        self.build = self.source / "build"
        for folder in ("data", "other", "build", "build/bin"):
            (self.source / folder).mkdir()
        (self.source / "data" / "one").write_text("1")
        (self.source / "other" / "two").write_text("2")
        self.write_script("exit 0")
        (self.build / "CTestTestfile.cmake").write_text(CTEST_FILE.format(source=self.source))

    def write_script(self, outcome):
        (self.source / "test.sh").write_text(f'echo "$1" >> {self.source}/ran\n{outcome}\n')

    def run_tests(self, *arguments, env=None):
        """What ran, sorted, and the exit code."""
        ran = self.source / "ran"
        ran.unlink(missing_ok=True)
        ended = subprocess.run([sys.executable, TOOL, self.build, *arguments], capture_output=True, text=True, check=False,
                               env=env)
        self.printed = ended.stdout
        return sorted(ran.read_text().split()) if ran.exists() else [], ended.returncode

    def test_a_fresh_folder_runs_everything_and_then_what_does_not_say_what_it_reads(self):
        self.assertEqual(self.run_tests(), (["alpha", "beta.b", "silent"], 0))
        self.assertEqual(self.run_tests(), (["silent"], 0))
        self.assertIn("2 of 3 tests passed here", self.printed)

    def test_what_reads_a_changed_file_runs(self):
        self.run_tests()
        (self.source / "data" / "one").write_text("changed")
        self.assertEqual(self.run_tests(), (["alpha", "silent"], 0))
        (self.source / "other" / "new").write_text("new")
        self.assertEqual(self.run_tests(), (["beta.b", "silent"], 0))
        (self.source / "other" / "two").unlink()
        self.assertEqual(self.run_tests(), (["beta.b", "silent"], 0))
        self.write_script("true")  # both name it in their command
        self.assertEqual(self.run_tests()[0], ["alpha", "beta.b", "silent"])

    def test_a_failure_is_run_until_it_passes(self):
        self.write_script('[ "$1" != alpha ]')
        self.assertEqual(self.run_tests(), (["alpha", "beta.b", "silent"], 8))
        self.assertEqual(self.run_tests(), (["alpha", "silent"], 8))

    def test_a_pass_does_not_outlive_a_later_failure(self):
        self.run_tests()
        self.write_script("exit 1")
        self.run_tests("-R", "alpha")
        self.write_script("exit 0")
        self.assertEqual(self.run_tests(), (["alpha", "silent"], 0))

    def test_a_pass_while_something_changed_does_not_count(self):
        self.write_script(f"date +%N >> {self.source}/data/one")
        self.assertEqual(self.run_tests(), (["alpha", "beta.b", "silent"], 0))
        self.assertIn("alpha", self.run_tests()[0])

    def test_a_skipped_test_has_not_passed(self):
        with (self.build / "CTestTestfile.cmake").open("a") as file:
            file.write("set_tests_properties(alpha PROPERTIES SKIP_RETURN_CODE 77)\n")
        self.write_script("exit 77")
        self.run_tests("-R", "alpha")
        self.write_script("exit 0")
        self.assertIn("alpha", self.run_tests()[0])

    def test_all_and_chosen_tests_run_whatever_is_on_record(self):
        self.run_tests()
        self.assertEqual(self.run_tests("--all"), (["alpha", "beta.b", "silent"], 0))
        self.assertEqual(self.run_tests("-R", "beta"), (["beta.b"], 0))

    def test_a_variable_of_the_caller_counts(self):
        self.run_tests()
        seeded = {"PATH": "/usr/bin:/bin", "UNHIDRA_TEST_SEED": "7"}
        self.assertEqual(self.run_tests(env=seeded)[0], ["alpha", "beta.b", "silent"])

    def test_a_damaged_record_is_no_record(self):
        self.run_tests()
        (self.build / "passed_tests.json").write_text("{")
        self.assertEqual(self.run_tests(), (["alpha", "beta.b", "silent"], 0))

    def test_nothing_to_run_is_said(self):
        text = (self.build / "CTestTestfile.cmake").read_text()
        (self.build / "CTestTestfile.cmake").write_text("\n".join(text.splitlines()[:-1]))
        self.run_tests()
        self.assertEqual(self.run_tests(), ([], 0))
        self.assertIn("Nothing that a test reads has changed", self.printed)


if __name__ == "__main__":
    unittest.main()
