"""Runs rcc on bad input in a folder of its own."""
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy
from onnx import TensorProto, helper, numpy_helper, save

BIN = pathlib.Path(os.environ.get("RCC_BIN", "build/release/bin"))
RECIPE = 'schema = 1\nname = "r"\n\n[[pass]]\nname = "drop_dead_nodes"\n'


def small_model(path):
    """A 3x3 convolution, BatchNorm and ReLU on 8x8 images, global pooling and 4 classes."""
    random = numpy.random.default_rng(0)

    def constant(name, *shape):
        return numpy_helper.from_array(random.random(shape, dtype=numpy.float32), name)

    nodes = [
        helper.make_node("Conv", ["x", "conv.weight"], ["c"], "conv", pads=[1, 1, 1, 1]),
        helper.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "var"], ["b"], "bn"),
        helper.make_node("Relu", ["b"], ["r"], "relu"),
        helper.make_node("GlobalAveragePool", ["r"], ["p"], "pool"),
        helper.make_node("Flatten", ["p"], ["f"], "flatten"),
        helper.make_node("Gemm", ["f", "fc.weight", "fc.bias"], ["y"], "fc", transB=1),
    ]
    graph = helper.make_graph(
        nodes, "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4])],
        [constant("conv.weight", 8, 3, 3, 3), constant("gamma", 8), constant("beta", 8),
         constant("mean", 8), constant("var", 8), constant("fc.weight", 4, 8),
         constant("fc.bias", 4)])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


class RccCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        small_model(self.folder / "m.onnx")
        self.write("r.toml", RECIPE)
        self.before = self.files()

    def write(self, name, contents):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())

    def files(self):
        return sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob("*"))

    def rcc(self, *arguments):
        environment = {**os.environ, "XDG_CACHE_HOME": str(self.folder / ".cache")}
        return subprocess.run([BIN / "rcc", *map(str, arguments)], cwd=self.folder, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120,
                              env=environment)

    def run_recipe(self, recipe="r.toml", model="m.onnx", *more):
        return self.rcc("--recipe", recipe, model, "-o", "out.onnx", "-q", *more)

    def assert_refused(self, done, code, message):
        """That exit code, exactly that on stderr, nothing on stdout, no new files."""
        self.assertEqual(done.stderr, message)
        self.assertEqual(done.returncode, code)
        self.assertEqual(done.stdout, "")
        self.assertNotIn("out.onnx", self.files())
        leftovers = [name for name in self.files() if "unchecked" in name or ".failed" in name]
        self.assertEqual(leftovers, [])
