#!/usr/bin/env python3
"""Run the tests of builds and sum them up.

    test/run.py [--log FOLDER] PRESET...

Suites of each preset: unit and, where built, torch (GoogleTest), lit, and the Python suites oracle,
bad_input, install and docs (files test/<suite>/*_test.py, each a unittest script that finds the
programs in $RCC_BIN). Once in all: lint (each test/lint/*.py is one test; it gets the root and exits 0 when all
is well). The last line is the sum; the exit status is 0 when at least one test passed and none
failed.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON = ROOT / "build" / "venv" / "bin" / "python"
LIT_PASSES = {"PASS", "XFAIL", "FLAKYPASS"}
LIT_SKIPS = {"UNSUPPORTED", "SKIPPED", "EXCLUDED"}
WORKERS = os.cpu_count() or 1
# Of one program of tests; the slowest takes two minutes.
SECONDS = 1800


class Suite:
    """Counts of one suite; `notes` is what to show of its failures."""

    def __init__(self, passed=0, failed=0, skipped=0, notes=""):
        self.passed, self.failed, self.skipped, self.notes = passed, failed, skipped, notes

    def __add__(self, other):
        return Suite(self.passed + other.passed, self.failed + other.failed,
                     self.skipped + other.skipped, self.notes + other.notes)

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def run(command, **environment):
    words = [str(part) for part in command]
    try:
        return subprocess.run(words, cwd=ROOT, text=True, errors="replace", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, check=False,
                              env={**os.environ, **environment})
    except subprocess.TimeoutExpired as late:
        said = (late.stdout or b"").decode(errors="replace")
        return subprocess.CompletedProcess(words, 124, f"{said}\nnot done after {SECONDS} seconds\n")


def read_json(path):
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def unit(program, log):
    out = log / f"{program.name}.json"
    out.unlink(missing_ok=True)
    # Spinning OpenMP threads are slow where processors are shared.
    done = run([program, f"--gtest_output=json:{out}"], OMP_WAIT_POLICY="PASSIVE")
    out.with_suffix(".log").write_text(done.stdout)
    report = read_json(out)
    if report is None:  # it crashed: what had passed counts, and the crash
        return Suite(done.stdout.count("[       OK ]"), 1 + done.stdout.count("[  FAILED  ]"), 0,
                     "\n".join(done.stdout.splitlines()[-30:]) + f"\nexit status {done.returncode}\n")
    count = Suite()
    for case in (case for group in report["testsuites"] for case in group["testsuite"]):
        if case["status"] == "NOTRUN" or case["result"] == "SKIPPED":
            count += Suite(skipped=1)
        elif "failures" in case:
            texts = "\n".join(failure["failure"] for failure in case["failures"])
            count += Suite(failed=1, notes=f"{case['classname']}.{case['name']}: {texts}\n")
        else:
            count += Suite(passed=1)
    if done.returncode and not count.failed:
        count += Suite(failed=1, notes=f"{program.name}: exit status {done.returncode}\n"
                       + "\n".join(done.stdout.splitlines()[-30:]) + "\n")
    return count


def lit(build, log):
    out = log / "lit.json"
    out.unlink(missing_ok=True)
    done = run([PYTHON.parent / "lit", "-q", "--output", out, build / "lit"])
    (log / "lit.log").write_text(done.stdout)
    report = read_json(out)
    if report is None:
        return Suite(failed=1, notes=f"lit did not run: {done.stdout}\n")
    count = Suite()
    for test in report["tests"]:
        if test["code"] in LIT_PASSES:
            count += Suite(passed=1)
        elif test["code"] in LIT_SKIPS:
            count += Suite(skipped=1)
        else:
            count += Suite(failed=1, notes=f"{test['code']}: {test['name']}\n{test['output']}\n")
    return count


def python_file(script, build, log):
    out = log / f"{script.parent.name}.{script.stem}.json"
    out.unlink(missing_ok=True)
    done = run([PYTHON, ROOT / "test" / "run_unittest.py", script, out],
               RCC_BIN=str(build / "bin"), RCC_ROOT=str(ROOT))
    out.with_suffix(".log").write_text(done.stdout)
    counts = read_json(out)
    if counts is None:
        return Suite(failed=1, notes=f"{script.name}: exit status {done.returncode}\n{done.stdout}\n")
    return Suite(**counts, notes=f"{script.name}\n{done.stdout}\n" if counts["failed"] else "")


def lint_file(script, *_):
    done = run([PYTHON, script, ROOT])
    if done.returncode == 0:
        return Suite(passed=1)
    return Suite(failed=1, notes=f"{script.name}\n{done.stdout}\n")


def each(files, function, build=None, log=None):
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(lambda file: function(file, build, log), sorted(files)), Suite())


def suites(presets, logs):
    """Pairs of a suite's title and the function that runs it."""
    yield "lint", lambda: each((ROOT / "test" / "lint").glob("*.py"), lint_file)
    for preset in presets:
        build, log = ROOT / "build" / preset, logs / preset
        log.mkdir(parents=True, exist_ok=True)
        yield f"{preset}: unit", lambda: unit(build / "bin" / "rcc_unit_tests", log)
        torch_tests = build / "bin" / "rcc_torch_tests"
        if torch_tests.exists():
            yield f"{preset}: torch", lambda program=torch_tests: unit(program, log)
        yield f"{preset}: lit", lambda: lit(build, log)
        for name in ("oracle", "bad_input", "install", "docs"):
            files = list((ROOT / "test" / name).glob("*_test.py"))
            if files:
                yield f"{preset}: {name}", lambda: each(files, python_file, build, log)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log", type=pathlib.Path, default=ROOT / "build" / "log")
    parser.add_argument("preset", nargs="+")
    options = parser.parse_args()
    total = Suite()
    for title, start in suites(options.preset, options.log):
        suite = start()
        if suite.notes:
            print(f"---- {title}\n{suite.notes}----")
        print(f"{title}: {suite}", flush=True)
        total += suite
    print(total)
    return 0 if total.passed and not total.failed else 1


if __name__ == "__main__":
    sys.exit(main())
