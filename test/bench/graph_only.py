#!/usr/bin/env python3
"""Time a whole graph-only compression of ResNet18-224 beside the tools that do parts of it.

    test/bench/graph_only.py [--rounds N]

Import, fold_batch_norm, remove_channels, insert_quantize with given ranges, export: rcc without data,
against `cp`, onnxslim, onnxsim and ONNX Runtime's quant_pre_process + quantize_static. Each is a fresh
process; rounds are interleaved; printed are the median seconds, the peak memory and the ratio to rcc.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from measured_process import features, measure

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build" / "release" / "bin"
VENV = ROOT / "build" / "bench-venv"
PYTHON = VENV / "bin" / "python"

ORT = """
import sys, numpy, onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
class One(CalibrationDataReader):
    def __init__(self): self.left = [{"input": numpy.zeros((1, 3, 224, 224), numpy.float32)}]
    def get_next(self): return self.left.pop() if self.left else None
quant_pre_process(sys.argv[1], sys.argv[2] + ".pre")
quantize_static(sys.argv[2] + ".pre", sys.argv[2], One(), quant_format=QuantFormat.QDQ, per_channel=True)
"""


def ensure_venv():
    if not PYTHON.exists():
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r",
                    ROOT / "tools" / "requirements-bench.txt"], check=True)


def write_ranges(model, path):
    """A range for every value, as a calibration would leave it."""
    text = subprocess.run([BIN / "rcc-opt", model, "--passes=fold_batch_norm"], check=True,
                          capture_output=True, text=True).stdout
    names = ["input"]
    for line in text.splitlines():
        head, _, rest = line.strip().partition(" = ")
        if head.startswith("%") and rest:
            names.append(head[1:].strip('"'))
    path.write_text(json.dumps({name: [-4.0, 4.0] for name in names}))


def main(rounds):
    ensure_venv()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        model = folder / "resnet18.onnx"
        subprocess.run([BIN / "rcc", "zoo", "resnet18", "--input", "3x224x224", "--classes", "1000",
                        "--stem", "imagenet", "--seed", "0", "-o", model], check=True)
        ranges = folder / "ranges.json"
        write_ranges(model, ranges)
        passes = ("fold_batch_norm,remove_channels{ratio=0.5},"
                  f"calibrate{{load={ranges}}},insert_quantize")
        out = folder / "out.onnx"
        commands = {
            "rcc": [BIN / "rcc-opt", model, f"--passes={passes}", "-o", out],
            "cp": ["cp", model, out],
            "onnxslim": [PYTHON, "-m", "onnxslim", model, out],
            "onnxsim": [PYTHON, "-m", "onnxsim", model, out],
            "onnxruntime": [PYTHON, "-c", ORT, model, out],
        }
        runs = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                runs[name].append(measure(command))
        print(f"processor: {features()}; {os.cpu_count()} cores; {rounds} interleaved rounds")
        print(f"{'':14}{'seconds':>10}{'peak MB':>10}{'time / rcc':>12}")
        own = statistics.median(seconds for seconds, _ in runs["rcc"])
        for name, list_of_runs in runs.items():
            seconds = statistics.median(s for s, _ in list_of_runs)
            peak = max(m for _, m in list_of_runs)
            print(f"{name:14}{seconds:>10.3f}{peak:>10.0f}{seconds / own:>12.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    main(parser.parse_args().rounds)
