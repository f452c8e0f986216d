#!/usr/bin/env python3
"""Count the instructions a node that printing, parsing, verifying and copying a graph take.

    test/bench/ir_growth.py [--preset core] [--most 1.1]

Runs rcc_ir_bench under callgrind for 1,000 and 10,000 nodes, so the numbers do not depend on what else
the machine does. Fails when the growth exponent log10(I(10n) / I(n)) of any of them is above --most.
"""
import argparse
import math
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
WHAT = {  # benchmark: the function counted, as callgrind spells it
    "print_text": "rcc::print*",
    "parse_text": "rcc::parse_graph(*",
    "verify_changed": "rcc::verify(*",
    "clone": "rcc::Graph::clone*",
}


def instructions(binary, name, nodes):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               f"--toggle-collect={WHAT[name]}", binary, f"--benchmark_filter=^{name}/{nodes}$",
               "--benchmark_min_time=0.000001"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    iterations = int(re.search(rf"^{name}/{nodes}\s.*ms\s+(\d+)\s", run.stdout, re.M)[1])
    return int(re.search(r"Collected : (\d+)", run.stderr)[1]) / iterations


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="core")
    parser.add_argument("--most", type=float, default=1.1)
    options = parser.parse_args()
    binary = ROOT / "build" / options.preset / "bin" / "rcc_ir_bench"
    too_steep = False
    for name in WHAT:
        small, big = (instructions(binary, name, nodes) for nodes in (1000, 10000))
        exponent = math.log10(big / small)
        too_steep |= exponent > options.most
        print(f"{name:15} {small / 1000:8.0f} {big / 10000:8.0f} instructions a node, "
              f"exponent {exponent:.3f}")
    return too_steep


if __name__ == "__main__":
    sys.exit(main())
