#!/usr/bin/env python3
"""Networks of the first model zoo come through rcc, take one form and compute the same."""
import collections
import pathlib
import tempfile
import tomllib
import unittest

import numpy as np
import onnx

import old_zoo
import onnx_round_trip_test as base

RECIPE = base.ROOT / "docs" / "recipes" / "canonicalize.toml"
CANONICAL = ",".join(entry["name"] for entry in tomllib.loads(RECIPE.read_text())["pass"])
TOLERANCE = 1e-4


class OldZoo(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def rcc_opt(self, *arguments):
        done = base.subprocess.run([base.BIN / "rcc-opt", *arguments], text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def outputs(self, path):
        images = np.random.default_rng(2).standard_normal((1, 3, 224, 224)).astype(np.float32)
        running = base.session(path)
        return running.run(None, {running.get_inputs()[0].name: images})[0]

    def check(self, name, verify):
        """How often each operator is left after the passes."""
        source, target = self.folder / "source.onnx", self.folder / "target.onnx"
        onnx.save(old_zoo.model(name), source)
        self.rcc_opt(source, f"--passes={CANONICAL}", f"--verify={verify}", "-o", target)
        onnx.checker.check_model(str(target), full_check=True)
        wanted, got = self.outputs(source), self.outputs(target)
        self.assertLessEqual(float(np.max(np.abs(wanted - got)) / np.max(np.abs(wanted))), TOLERANCE)
        self.assertEqual(wanted.argmax(), got.argmax())
        return collections.Counter(node.op_type for node in onnx.load(target).graph.node)

    def test_squeezenet(self):
        self.assertEqual(self.check("squeezenet", "numeric"), {"Conv": 26, "Relu": 26, "MaxPool": 3, "Concat": 8,
                                                    "GlobalAveragePool": 1, "Softmax": 1})

    def test_inception_v2(self):
        """BatchNormalization, Unsqueeze, Mul and Add go into the convolution before them."""
        self.assertEqual(self.check("inception_v2", "structural"),
                         {"Conv": 69, "Relu": 69, "MaxPool": 5, "AveragePool": 7, "Concat": 10,
                          "GlobalAveragePool": 1, "Flatten": 1, "Gemm": 1, "Softmax": 1})

    def test_shufflenet_loses_channels_where_it_can(self):
        source, target = self.folder / "source.onnx", self.folder / "target.onnx"
        onnx.save(old_zoo.model("shufflenet"), source)
        remarks = self.rcc_opt(source, "--passes=fold_constants,remove_channels{ratio=0.25}", "--verify=numeric",
                               "--remarks", "-o", target)
        # A shuffle of channels ties each to a place.
        self.assertIn("(reshape) needs axis 2", remarks)
        self.assertTrue(np.all(np.isfinite(self.outputs(target))))


if __name__ == "__main__":
    unittest.main()
