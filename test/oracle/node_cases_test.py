#!/usr/bin/env python3
"""ONNX's own node tests go through rcc unchanged in meaning; those that do not are listed with the reason.

    test/oracle/node_cases_test.py [--table] [NAME...]

Each case is read and written twice, as it is and with its inputs as initializers (what exporters write
for shapes, axes and pads). A runtime that is not rcc, ONNX Runtime or else ONNX's reference evaluator,
runs what was written, against the case's own outputs and tolerance; rcc's interpreter is held to the
same outputs. node_cases_expected.toml lists what fails, and why. The test fails when a listed case
passes, and when another fails.
"""
import argparse
import collections
import concurrent.futures
import multiprocessing
import os
import pathlib
import re
import sys
import tempfile
import tomllib
import unittest
import warnings

import numpy
from onnx.backend.test.case.node import collect_testcases

import node_case
import shared_data

EXPECTED = pathlib.Path(__file__).with_name("node_cases_expected.toml")
ROWS = "".join(file.read_text() for file in sorted((shared_data.ROOT / "ir").glob("*.def")))
KNOWN = set(re.findall(r'^RCC_\w+\(\w+,\s+(?:\.onnx_name = )?"(\w+)"', ROWS, re.M))
STEPS = ("in_out", "bound", "interpreted")
OPAQUE = re.compile(r"the interpreter does not know the operator onnx\.(\S+)")


def listed():
    """{(case, step): reason} of the cases that are known to fail."""
    found = {}
    for entry in tomllib.loads(EXPECTED.read_text())["fails"]:
        for name in entry["cases"]:
            for step in entry["steps"]:
                assert (name, step) not in found, f"{name}, {step} is listed twice"
                found[name, step] = entry["reason"]
    return found


def is_no_claim(step, reason):
    """The interpreter knows the operators of the table only."""
    match = OPAQUE.search(reason) if step == "interpreted" else None
    return bool(match) and match.group(1) not in KNOWN


def collect(names=()):
    with numpy.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = collect_testcases(None)
    return [case for case in cases if not names or case.name in names]


CASES = []


def run_index(index):
    """In a worker, which inherited CASES."""
    warnings.simplefilter("ignore")
    case = node_case.Case(CASES[index])
    with tempfile.TemporaryDirectory() as folder:
        results, judges = node_case.try_case(case, folder)
    return case.name, case.operator, case.opset, results, judges


def run(cases):
    CASES[:] = cases
    context = multiprocessing.get_context("fork")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count() or 1, mp_context=context) as pool:
        return list(pool.map(run_index, range(len(cases)), chunksize=8))


def table(outcomes, known):
    """Lines: operator, opsets, cases, in and out unchanged, interpreted, listed."""
    rows = collections.defaultdict(collections.Counter)
    opsets = collections.defaultdict(set)
    for name, operator, opset, results, _ in outcomes:
        row = rows[operator]
        opsets[operator].add(opset)
        row["cases"] += 1
        row["unchanged"] += results["in_out"] is None and results.get("bound") is None
        row["interpreted"] += results.get("interpreted", "none") is None
        row["listed"] += any((name, step) in known for step in STEPS)
    yield f"{'operator':40} {'opsets':16} {'cases':>6} {'unchanged':>10} {'interpreted':>12} {'listed':>7}"
    for operator in sorted(rows):
        row = rows[operator]
        versions = ",".join(str(opset) for opset in sorted(opsets[operator]))
        yield (f"{operator:40} {versions:16} {row['cases']:6} {row['unchanged']:10} "
               f"{row['interpreted']:12} {row['listed']:7}")
    total = sum(rows.values(), collections.Counter())
    yield (f"{'all':40} {'':16} {total['cases']:6} {total['unchanged']:10} "
           f"{total['interpreted']:12} {total['listed']:7}")


def surprises(outcomes, known):
    """Failures that are not listed, and listed cases that pass."""
    for name, _, _, results, _ in outcomes:
        for step, reason in results.items():
            fails = reason is not None and not is_no_claim(step, reason)
            if fails and (name, step) not in known:
                yield f"{name}: {step}: {reason}"
            if not fails and (name, step) in known:
                yield f"{name}: {step}: passes, but is listed: {known[name, step]}"


class NodeCases(unittest.TestCase):
    def test_cases(self):
        cases = collect()
        names = {case.name for case in cases}
        known = listed()
        self.assertEqual([name for name, _ in known if name not in names], [])
        outcomes = run(cases)
        self.assertGreater(len(outcomes), 1800)
        self.assertEqual(list(surprises(outcomes, known)), [])

    def test_every_operator_of_the_table_has_cases(self):
        operators = {case.model.graph.node[0].op_type for case in collect()
                     if len(case.model.graph.node) == 1}
        # GlobalLpPool has none.
        self.assertEqual(KNOWN - operators, {"GlobalLpPool"})


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true", help="print the table")
    parser.add_argument("name", nargs="*", help="cases to run")
    options = parser.parse_args()
    cases = collect(options.name)
    outcomes = run(cases)
    known = listed()
    if options.table:
        print("\n".join(table(outcomes, known)))
    found = list(surprises(outcomes, known))
    print("\n".join(found))
    print(f"{len(outcomes)} cases, {len(found)} surprises")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
