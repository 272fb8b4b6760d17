"""Where the programs under test are. Standard library only.

UNHIDRA_BIN is their folder. UNHIDRA_PROGRAMS, if it is set, are the names of those that a test may start: the ones that
its CMakeLists.txt has it read, so that it runs again when one of them changes (tools/run_tests.py).
"""
import os
import pathlib

BIN = pathlib.Path(os.environ["UNHIDRA_BIN"])


def program(name):
    """The path of a program."""
    named = os.environ.get("UNHIDRA_PROGRAMS")
    if named is not None and name not in named.split(","):
        raise AssertionError(f"this test starts {name}: name it among its PROGRAMS in CMakeLists.txt")
    return BIN / name
