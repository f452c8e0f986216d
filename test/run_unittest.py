#!/usr/bin/env python3
"""Run one unittest script and write its counts as JSON: run_unittest.py SCRIPT OUTPUT."""
import importlib.util
import json
import pathlib
import sys
import unittest


def main(script, out):
    sys.path.insert(0, str(script.parent))
    spec = importlib.util.spec_from_file_location(script.stem, script)
    module = importlib.util.module_from_spec(spec)
    sys.modules[script.stem] = module
    try:
        spec.loader.exec_module(module)
    except unittest.SkipTest as reason:
        print(f"{script.name}: skipped: {reason}")
        out.write_text(json.dumps({"passed": 0, "failed": 0, "skipped": 1}))
        return 0
    tests = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    # Subtests and class set-ups may add failures beyond the tests that were counted.
    failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
    skipped = len(result.skipped)
    passed = max(result.testsRun - failed - skipped, 0)
    if not (passed or failed or skipped):
        print(f"{script.name}: has no tests")
        failed = 1
    out.write_text(json.dumps({"passed": passed, "failed": failed, "skipped": skipped}))
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])))
