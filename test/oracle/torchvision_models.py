#!/usr/bin/env python3
"""Send torchvision's classification networks through rcc and compare in ONNX Runtime.

    test/oracle/torchvision_models.py [--only GLOB] [--exporter NAME]... [--jobs N] [--passes PIPELINE]

For each network of at most 100 million parameters and each of PyTorch's exporters: random weights and
statistics, export, ONNX -> .rir with its weights in a side file -> ONNX, both files in ONNX Runtime on
the same random images. Printed are the nodes before and after, the operators rcc knows only by name,
the largest difference relative to the largest logit, whether the classes agree, and the seconds that
export and rcc took. With --passes the pipeline runs in between with --verify=numeric, and a pipeline
that changes results on purpose is asked with --lossy only for a file that ONNX Runtime accepts.
The exit status is 1 when a line is not good.
"""
import argparse
import collections
import fnmatch
import functools
import multiprocessing
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime

import torchvision_network

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("RCC_BIN", ROOT / "build" / "release" / "bin"))
MOST_PARAMETERS = 100_000_000
TOLERANCE = 1e-4
OPAQUE = re.compile(r"= onnx\.(\w+)\(")
ROW = "{:<20} {:<15} {:>6} {:>6} {:>6} {:>9} {:>6} {:>7} {:>7}  {}"
HEAD = ("network", "exporter", "in", "out", "opaque", "error", "argmax", "export", "rcc", "")


class Failure(Exception):
    """rcc or ONNX Runtime refused."""


class Line:
    """What became of one network as one exporter wrote it."""

    def __init__(self, name, exporter):
        self.name, self.exporter = name, exporter
        self.nodes_in = self.nodes_out = 0
        self.opaque = collections.Counter()
        self.error = float("nan")
        self.is_same_class = False
        self.export_seconds = self.rcc_seconds = 0.0
        self.problem = ""
        # What rcc said while the passes ran.
        self.remarks = ""

    def is_good(self, is_lossy=False):
        return not self.problem and (is_lossy or (self.error <= TOLERANCE and self.is_same_class))

    def __str__(self):
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.opaque.items()))
        return ROW.format(self.name, self.exporter, self.nodes_in, self.nodes_out,
                          sum(self.opaque.values()), f"{self.error:.1e}",
                          "same" if self.is_same_class else "-", f"{self.export_seconds:.1f}",
                          f"{self.rcc_seconds:.2f}", self.problem or kinds)


def rcc_opt(*arguments):
    done = subprocess.run([str(part) for part in (BIN / "rcc-opt", *arguments)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise Failure(f"rcc-opt exits with {done.returncode}: " + " / ".join(done.stderr.split("\n")[:3]))
    return done.stderr


def run(path, images):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return session.run(None, {session.get_inputs()[0].name: images})[0]
    except Exception as error:  # ONNX Runtime's classes have no common base of their own
        raise Failure(f"ONNX Runtime: {str(error).splitlines()[0]}") from error


def nodes_of(path):
    return len(onnx.load(path, load_external_data=False).graph.node)


def round_trip(source, target, passes=""):
    """Writes `target`; the text form is between. Operators that stayed opaque, and the remarks."""
    text, weights = target.with_suffix(".rir"), target.with_suffix(".weights")
    remarks = ""
    if passes:
        transformed = target.with_suffix(".passes.onnx")
        remarks = rcc_opt(source, f"--passes={passes}", "--verify=numeric", "--remarks", "-o", transformed)
        source = transformed
    rcc_opt(source, "-o", text, f"--weights={weights}")
    rcc_opt(text, "-o", target)
    return collections.Counter(OPAQUE.findall(text.read_text())), remarks


def compare(line, source, target, size, batch):
    images = np.random.default_rng(2).standard_normal((batch, 3, size, size)).astype(np.float32)
    wanted, got = run(source, images), run(target, images)
    if not np.all(np.isfinite(wanted)) or not np.any(wanted):
        raise Failure("the original model computes nothing to compare")
    line.error = float(np.max(np.abs(wanted - got)) / np.max(np.abs(wanted)))
    line.is_same_class = bool(np.all(wanted.argmax(1) == got.argmax(1)))


def check(made, name, exporter, folder, size, batch=2, passes="", **export_options):
    """One line of the table."""
    line = Line(name, exporter)
    source, target = folder / "source.onnx", folder / "target.onnx"
    try:
        started = time.perf_counter()
        torchvision_network.export(made, exporter, size, source, batch, **export_options)
        line.export_seconds = time.perf_counter() - started
        line.nodes_in = nodes_of(source)
        started = time.perf_counter()
        line.opaque, line.remarks = round_trip(source, target, passes)
        line.rcc_seconds = time.perf_counter() - started
        onnx.checker.check_model(str(target), full_check=True)
        line.nodes_out = nodes_of(target)
        compare(line, source, target, size, batch)
    except Failure as failure:
        line.problem = str(failure)
    except Exception as error:  # of an exporter: the table goes on
        line.problem = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    return line


def lines_of(name, options):
    """The lines of one network, one for each exporter."""
    made = torchvision_network.network(name)
    lines = []
    for exporter in options.exporter or torchvision_network.EXPORTERS:
        if exporter == "torchscript_bn" and not torchvision_network.has_batch_norm(made):
            continue
        with tempfile.TemporaryDirectory() as folder:
            lines.append(check(made, name, exporter, pathlib.Path(folder),
                               options.size or torchvision_network.size_of(name), passes=options.passes))
    return lines


def table(options):
    print(ROW.format(*HEAD), flush=True)
    names = [name for name in torchvision_network.names(MOST_PARAMETERS)
             if any(fnmatch.fnmatch(name, pattern) for pattern in options.only or ["*"])]
    bad, count = 0, 0
    # A process a network: what an exporter keeps in memory goes with it.
    with multiprocessing.get_context("spawn").Pool(options.jobs, maxtasksperchild=1) as pool:
        for lines in pool.imap(functools.partial(lines_of, options=options), names, chunksize=1):
            for line in lines:
                print(line, flush=True)
                count += 1
                bad += not line.is_good(options.lossy)
    print(f"{count - bad} of {count} lines are good")
    return 1 if bad or not count else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="names, * stands for any characters")
    parser.add_argument("--exporter", action="append", choices=torchvision_network.EXPORTERS)
    parser.add_argument("--passes", default="", help="a pipeline of rcc-opt")
    parser.add_argument("--lossy", action="store_true", help="the pipeline changes results on purpose")
    parser.add_argument("--jobs", type=int, default=1, help="networks at once; each takes up to 3 GB")
    parser.add_argument("--size", type=int, help="pixels; else what the network was made for")
    return table(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
