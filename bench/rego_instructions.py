#!/usr/bin/env python3
"""Instructions per decision of rego_bench's cases, counted by callgrind: rego_instructions.py BINARY [CASE ...]

Prints one JSON object. Counted is the measured loop alone, after its warm-up.
"""
import json
import re
import subprocess
import sys
import tempfile

CASES = [
    "roadmap_ready", "roadmap_json", "roadmap_sensor_ready", "roadmap_sensor_json", "rules_10_hit_ready",
    "rules_1000_hit_ready", "rules_1000_miss_ready", "globs_10_hit_ready", "globs_1000_hit_ready",
    "globs_1000_miss_ready", "rbac_ready", "rbac_json", "rbac_loaded_ready",
    "rbac_loaded_json", "rules_1000_compile"]
BATCH = 96


def count(binary, case):
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            ["valgrind", "--tool=callgrind", "--toggle-collect=*rego_bench_measured*",
             f"--callgrind-out-file={folder}/out", binary, "--case", case, "--batches", "1", "--batch", str(BATCH)],
            capture_output=True, text=True, check=True)
    collected = re.search(r"Collected : (\d+)", run.stderr)
    measured = json.loads(run.stdout).get(case)
    if not collected or not measured:
        raise SystemExit(f"no such case: {case}")
    return round(int(collected.group(1)) / measured["measured"])


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    print(json.dumps({case: count(sys.argv[1], case) for case in sys.argv[2:] or CASES}, indent=2))


main()
