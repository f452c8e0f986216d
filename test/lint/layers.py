#!/usr/bin/env python3
"""Reject an #include that points up the architecture, and passes that have headers.

Each row: a folder, and the folders its files may include besides itself.
The longest matching prefix wins. New folders must be added here on purpose.
"""
import pathlib
import re
import sys

MAY_INCLUDE = {
    "ir/support": set(),
    "ir": {"ir/support"},
    "passes": {"ir", "ir/support", "passes/rules"},
    "passes/rules": {"ir", "ir/support", "passes"},
    "passes/validation": {"ir", "ir/support", "passes", "passes/rules"},
    "frontends/onnx": {"ir", "ir/support"},
    "frontends/recipe": {"ir", "ir/support", "passes"},
    "backends/torch": {"ir", "ir/support", "passes"},
    "backends/onednn": {"ir", "ir/support", "passes"},
    "backends/cuda": {"ir", "ir/support", "passes"},
    "tools": {"ir", "ir/support", "passes", "passes/rules", "passes/validation",
              "frontends/onnx", "frontends/recipe"},
    "test": {"ir", "ir/support", "passes", "passes/rules", "passes/validation",
             "frontends/onnx", "frontends/recipe",
             "backends/torch", "backends/onednn", "backends/cuda", "tools"},
}
FAMILIES = {"clean", "fold", "prune", "quantize", "distill", "tune", "measure"}

# Where the headers of a library may appear, besides test/.
FOREIGN = {
    "torch/": {"backends/torch"}, "ATen/": {"backends/torch"}, "c10/": {"backends/torch"},
    "cuda": {"backends/cuda", "backends/torch"}, "cudnn": {"backends/cuda"},
    "nccl": {"backends/torch"}, "mpi.h": {"backends/torch"},
    "oneapi/dnnl": {"backends/onednn"}, "dnnl": {"backends/onednn"},
    "onnx": {"frontends/onnx"}, "google/protobuf": {"frontends/onnx"},
    "toml++": {"frontends/recipe"}, "CLI/": {"tools"},
    "gtest/": set(), "gmock/": set(), "benchmark/": set(),
}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)
SUFFIXES = {".h", ".cpp", ".cu", ".def"}


def layer(path):
    """The row that a file of the repository belongs to. A pass is in a row of its own family."""
    parts = path.split("/")
    if parts[0] == "passes" and len(parts) > 2:
        return "/".join(parts[:2])
    rows = (row for row in MAY_INCLUDE if path.startswith(row + "/"))
    return max(rows, key=len, default=None)


def is_family(here):
    return here.startswith("passes/") and here not in MAY_INCLUDE


def allowed(here, there):
    if is_family(here):
        return there in {"ir", "ir/support", "passes"}
    return there == here or there in MAY_INCLUDE[here]


def include_problems(path, text, here):
    for quote, target in INCLUDE.findall(text):
        there = layer(target)
        if quote == '"' and there is None:
            yield f'{path}: "{target}" is not a path from the repository root'
        elif there and not allowed(here, there):
            yield f"{path}: {here} may not include {there} ({target})"
        for prefix, homes in FOREIGN.items():
            if quote == "<" and target.startswith(prefix) and here not in homes | {"test"}:
                yield f"{path}: <{target}> belongs in {', '.join(sorted(homes)) or 'test'}"


def problems(root):
    tops = sorted({row.split("/")[0] for row in MAY_INCLUDE})
    for file in sorted(f for top in tops for f in (root / top).rglob("*") if f.suffix in SUFFIXES):
        path = file.relative_to(root).as_posix()
        here = layer(path)
        if here is None:
            yield f"{path}: this folder is not in the table of test/lint/layers.py"
            continue
        if is_family(here):
            if here.removeprefix("passes/") not in FAMILIES:
                yield f"{path}: {here} is not one of the families"
            if file.suffix != ".cpp":
                yield f"{path}: a pass is one .cpp or .rules file; it has no header"
        yield from include_problems(path, file.read_text(encoding="utf-8"), here)


found = list(problems(pathlib.Path(sys.argv[1])))
print("\n".join(found))
sys.exit(bool(found))
