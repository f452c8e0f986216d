"""What rules compute, against NumPy and ONNX Runtime: masks of n:m groups, quantizers on edges."""
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

BIN = pathlib.Path(os.environ.get("RCC_BIN", "build/core/bin")).resolve()
QUANTIZE = """# Quantize the operands of convolutions.
rule quantize_operands effect lossy {
  match { y = conv(x: f32, W: const f32[OC, ...], ..) { .. }; }
  let s = max(reshape(abs(W), [OC, -1]), axis = 1) / 127;
  let zero = cast(0, i8);
  on edge x -> y insert dequantize(quantize(x, 0.05, cast(100, u8)), 0.05, cast(100, u8)) share;
  on edge W -> y insert dequantize(quantize(W, s, zero, axis = 0), s) { axis = 0 };
}
"""


def weights(generator, *shape):
    """Few distinct magnitudes, so that groups hold ties, of both signs."""
    return generator.integers(-3, 4, shape).astype(numpy.float32) / 2


def masked(weight, n, m, axis):
    """The n largest of each m by a stable sort: of equals the earlier one."""
    groups = numpy.moveaxis(weight, axis, -1)
    rows = groups.reshape(-1, m)
    kept = numpy.argsort(-numpy.abs(rows), axis=1, kind="stable")[:, :n]
    result = numpy.zeros_like(rows)
    numpy.put_along_axis(result, kept, numpy.take_along_axis(rows, kept, 1), 1)
    return numpy.moveaxis(result.reshape(groups.shape), -1, axis)


def model(nodes, inputs, outputs, constants):
    def info(values):
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
                for name, dims in values.items()]
    graph = helper.make_graph(nodes, "g", info(inputs), info(outputs),
                              [numpy_helper.from_array(array, name)
                               for name, array in constants.items()])
    return helper.make_model(graph, ir_version=8,
                             opset_imports=[helper.make_opsetid("", 17)])


def outputs_of(path, feeds):
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"]).run(None, feeds)


class Rules(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.generator = numpy.random.default_rng(7)

    def rewrite(self, network, *arguments):
        onnx.save(network, str(self.folder / "in.onnx"))
        out = self.folder / "out.onnx"
        done = subprocess.run([BIN / "rcc-opt", self.folder / "in.onnx", *arguments, "-o", out],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def test_groups_lie_along_the_axis_that_is_summed_over(self):
        constants = {"c": weights(self.generator, 6, 8, 3, 3), "g": weights(self.generator, 5, 12),
                     "t": weights(self.generator, 12, 5), "m": weights(self.generator, 2, 8, 3)}
        nodes = [helper.make_node("Conv", ["x", "c"], ["y0"]),
                 helper.make_node("Gemm", ["a", "g"], ["y1"], transB=1),
                 helper.make_node("Gemm", ["a", "t"], ["y2"]),
                 helper.make_node("MatMul", ["b", "m"], ["y3"])]
        network = model(nodes, {"x": [1, 8, 4, 4], "a": [3, 12], "b": [2, 4, 8]},
                        {"y0": [1, 6, 2, 2], "y1": [3, 5], "y2": [3, 5], "y3": [2, 4, 3]}, constants)
        for n, m in ((2, 4), (1, 4), (1, 2), (0, 2), (3, 4)):
            out = self.rewrite(network, f"--passes=prune_n_m{{n={n},m={m}}}")
            found = {tensor.name: numpy_helper.to_array(tensor)
                     for tensor in onnx.load(str(out)).graph.initializer}
            for name, axis in (("c", 1), ("g", 1), ("t", 0), ("m", 1)):
                with self.subTest(n=n, m=m, weight=name):
                    numpy.testing.assert_array_equal(found[name], masked(constants[name], n, m, axis))

    def test_quantizers_on_edges_run_in_onnxruntime(self):
        first = self.generator.normal(size=(4, 3, 3, 3)).astype(numpy.float32)
        second = self.generator.normal(size=(2, 3, 1, 1)).astype(numpy.float32)
        nodes = [helper.make_node("Conv", ["x", "a"], ["y"]),
                 helper.make_node("Conv", ["x", "b"], ["z"])]
        network = model(nodes, {"x": [1, 3, 6, 6]}, {"y": [1, 4, 4, 4], "z": [1, 2, 6, 6]},
                        {"a": first, "b": second})
        rules = self.folder / "quantize.rules"
        rules.write_text(QUANTIZE)
        out = self.rewrite(network, "--rules", rules)
        kinds = [node.op_type for node in onnx.load(str(out)).graph.node]
        self.assertEqual(sorted(kinds), ["Conv"] * 2 + ["DequantizeLinear"] * 3 + ["QuantizeLinear"])

        def rounded(weight):
            scale = (numpy.abs(weight.astype(numpy.float64)).reshape(len(weight), -1).max(1) / 127)
            scale = scale.reshape(-1, 1, 1, 1)
            return (numpy.rint(weight / scale) * scale.astype(numpy.float32)).astype(numpy.float32)

        x = self.generator.normal(size=(1, 3, 6, 6)).astype(numpy.float32)
        steps = numpy.clip(numpy.rint(x / numpy.float32(0.05)) + 100, 0, 255)
        expected = model(nodes, {"x": [1, 3, 6, 6]}, {"y": [1, 4, 4, 4], "z": [1, 2, 6, 6]},
                         {"a": rounded(first), "b": rounded(second)})
        onnx.save(expected, str(self.folder / "expected.onnx"))
        wanted = outputs_of(self.folder / "expected.onnx",
                            {"x": ((steps - 100) * numpy.float32(0.05)).astype(numpy.float32)})
        for got, want in zip(outputs_of(out, {"x": x}), wanted):
            numpy.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-5)


if __name__ == "__main__":
    unittest.main()
