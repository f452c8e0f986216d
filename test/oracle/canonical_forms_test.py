#!/usr/bin/env python3
"""One network as five tools would write it becomes one graph, and still computes the same.

Also: what was put together is taken apart again where the opset of the model has no operator for it.
"""
import subprocess
import tomllib
import unittest

import numpy as np
import onnx
from onnx import helper, numpy_helper

import onnx_round_trip_test as base
from onnx_round_trip_test import constant, info

RECIPE = base.ROOT / "docs" / "recipes" / "canonicalize.toml"
CANONICAL = ",".join(entry["name"] for entry in tomllib.loads(RECIPE.read_text())["pass"])
TOLERANCE = 1e-5
EPSILON = 1e-3


class Weights:
    """Of conv 3x3 stride 2, hard-swish, conv 1x1 with a residual sum, pooling, a classifier."""

    def __init__(self):
        draw = np.random.default_rng(0).standard_normal
        self.conv, self.conv_bias = draw((4, 3, 3, 3)).astype("f"), draw(4).astype("f")
        self.point, self.point_bias = draw((4, 4, 1, 1)).astype("f"), draw(4).astype("f")
        self.gamma = np.array([0.5, 1.5, 2, 0.25], "f")
        self.beta, self.mean = draw(4).astype("f"), draw(4).astype("f")
        self.var = np.array([0.5, 1, 2, 4], "f")
        self.dense, self.dense_bias = draw((5, 4)).astype("f"), draw(5).astype("f")

    def scale(self):
        return (self.gamma / np.sqrt(self.var + np.float32(EPSILON))).astype("f")

    def shift(self):
        return (self.beta - self.mean * self.scale()).astype("f")


def scalars(**numbers):
    return [constant(name, np.float32(number)) for name, number in numbers.items()]


def as_pytorch(w):
    """BatchNormalization kept, HardSwish, Gemm with a row for each class."""
    nodes = [
        helper.make_node("Conv", ["x", "conv", "conv_bias"], ["c"], pads=[1] * 4, strides=[2, 2]),
        helper.make_node("BatchNormalization", ["c", "gamma", "beta", "mean", "var"], ["n"], epsilon=EPSILON),
        helper.make_node("HardSwish", ["n"], ["h"]),
        helper.make_node("Conv", ["h", "point", "point_bias"], ["p"]),
        helper.make_node("Add", ["p", "h"], ["s"]),
        helper.make_node("Clip", ["s", "zero", "six"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["g"]),
        helper.make_node("Flatten", ["g"], ["f"]),
        helper.make_node("Gemm", ["f", "dense", "dense_bias"], ["y"], transB=1),
    ]
    names = ("conv", "conv_bias", "gamma", "beta", "mean", "var", "point", "point_bias", "dense", "dense_bias")
    weights = [constant(name, getattr(w, name)) for name in names] + scalars(zero=0, six=6)
    return base.model(nodes, [info("x", ["N", 3, 8, 8])], [info("y", ["N", 5])], weights, 17)


def as_tf2onnx(w):
    """Channels last with a transpose around each layer, explicit padding, means over axes 1 and 2."""
    to_first, to_last = {"perm": [0, 3, 1, 2]}, {"perm": [0, 2, 3, 1]}
    nodes = [
        helper.make_node("Pad", ["x", "pads"], ["padded"]),
        helper.make_node("Transpose", ["padded"], ["x_t"], **to_first),
        helper.make_node("Conv", ["x_t", "conv"], ["c_t"], strides=[2, 2]),
        helper.make_node("Transpose", ["c_t"], ["c"], **to_last),
        helper.make_node("Add", ["c", "conv_bias"], ["cb"]),
        helper.make_node("Mul", ["cb", "scale"], ["m"]),
        helper.make_node("Add", ["m", "shift"], ["n"]),
        helper.make_node("Add", ["n", "three"], ["n3"]),
        helper.make_node("Relu", ["n3"], ["n3r"]),
        helper.make_node("Min", ["n3r", "six"], ["n6"]),
        helper.make_node("Mul", ["n6", "sixth"], ["gate"]),
        helper.make_node("Mul", ["gate", "n"], ["h"]),
        helper.make_node("Transpose", ["h"], ["h_t"], **to_first),
        helper.make_node("Conv", ["h_t", "point"], ["p_t"]),
        helper.make_node("Transpose", ["p_t"], ["p"], **to_last),
        helper.make_node("Add", ["p", "point_bias"], ["pb"]),
        helper.make_node("Add", ["pb", "h"], ["s"]),
        helper.make_node("Relu", ["s"], ["r"]),
        helper.make_node("Min", ["r", "six"], ["r6"]),
        helper.make_node("ReduceMean", ["r6"], ["g"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["g", "dense"], ["d"]),
        helper.make_node("Add", ["d", "dense_bias"], ["y"]),
    ]
    weights = [constant(name, getattr(w, name)) for name in ("conv", "conv_bias", "point", "point_bias", "dense_bias")]
    weights += [constant("scale", w.scale()), constant("shift", w.shift()), constant("dense", w.dense.T.copy()),
                constant("pads", np.array([0, 1, 1, 0, 0, 1, 1, 0])), *scalars(three=3, six=6, sixth=1 / 6)]
    return base.model(nodes, [info("x", ["N", 8, 8, 3])], [info("y", ["N", 5])], weights, 15)


def as_keras(w):
    """A padding layer, BatchNormalization as Mul and Add, Max and Min, a mean and a squeeze, MatMul and Add."""
    nodes = [
        helper.make_node("Pad", ["x", "pads", "zero"], ["padded"], mode="constant"),
        helper.make_node("Conv", ["padded", "conv", "conv_bias"], ["c"], strides=[2, 2], auto_pad="VALID"),
        helper.make_node("Mul", ["c", "scale"], ["m"]),
        helper.make_node("Add", ["shift", "m"], ["n"]),
        helper.make_node("Add", ["n", "three"], ["n3"]),
        helper.make_node("Max", ["n3", "zero"], ["n0"]),
        helper.make_node("Min", ["n0", "six"], ["n6"]),
        helper.make_node("Mul", ["n", "n6"], ["nn"]),
        helper.make_node("Div", ["nn", "six"], ["h"]),
        helper.make_node("Conv", ["h", "point", "point_bias"], ["p"]),
        helper.make_node("Add", ["h", "p"], ["s"]),
        helper.make_node("Max", ["s", "zero"], ["r0"]),
        helper.make_node("Min", ["r0", "six"], ["r"]),
        helper.make_node("ReduceMean", ["r"], ["g"], axes=[2, 3], keepdims=1),
        helper.make_node("Squeeze", ["g", "space"], ["f"]),
        helper.make_node("MatMul", ["f", "dense"], ["d"]),
        helper.make_node("Add", ["d", "dense_bias"], ["y"]),
    ]
    weights = [constant(name, getattr(w, name)) for name in ("conv", "conv_bias", "point", "point_bias", "dense_bias")]
    weights += [constant("scale", w.scale().reshape(1, 4, 1, 1)), constant("shift", w.shift().reshape(1, 4, 1, 1)),
                constant("dense", w.dense.T.copy()), constant("pads", np.array([0, 0, 1, 1, 0, 0, 1, 1])),
                constant("space", np.array([2, 3])), *scalars(zero=0, three=3, six=6)]
    return base.model(nodes, [info("x", ["N", 3, 8, 8])], [info("y", ["N", 5])], weights, 13)


def as_old_zoo(w):
    """Opset 8, initializers as inputs; Caffe's BatchNorm and Scale; one window over everything; Dropout."""
    ones, zeros = np.ones(4, "f"), np.zeros(4, "f")
    nodes = [
        helper.make_node("Conv", ["x", "conv", "conv_bias"], ["c"], pads=[1] * 4, strides=[2, 2], kernel_shape=[3, 3]),
        helper.make_node("BatchNormalization", ["c", "ones", "zeros", "mean", "var"], ["n0"], epsilon=EPSILON, spatial=1),
        helper.make_node("Mul", ["n0", "gamma"], ["n1"]),
        helper.make_node("Add", ["n1", "beta"], ["n"]),
        helper.make_node("HardSigmoid", ["n"], ["gate"], alpha=1 / 6, beta=0.5),
        helper.make_node("Mul", ["n", "gate"], ["h"]),
        helper.make_node("Conv", ["h", "point", "point_bias"], ["p"], kernel_shape=[1, 1]),
        helper.make_node("Add", ["p", "h"], ["s"]),
        helper.make_node("Clip", ["s"], ["r"], min=0.0, max=6.0),
        helper.make_node("AveragePool", ["r"], ["g"], kernel_shape=[4, 4]),
        helper.make_node("Reshape", ["g", "rows"], ["f"]),
        helper.make_node("Dropout", ["f"], ["fd"], ratio=0.5),
        helper.make_node("Gemm", ["fd", "dense", "half_bias"], ["y"], beta=2.0),
    ]
    weights = [constant(name, getattr(w, name)) for name in ("conv", "conv_bias", "mean", "var", "point", "point_bias")]
    weights += [constant("ones", ones), constant("zeros", zeros), constant("gamma", w.gamma.reshape(4, 1, 1)),
                constant("beta", w.beta.reshape(4, 1, 1)), constant("rows", np.array([-1, 4])),
                constant("dense", w.dense.T.copy()), constant("half_bias", w.dense_bias / 2)]
    inputs = [info("x", ["N", 3, 8, 8])] + [info(t.name, list(t.dims), t.data_type) for t in weights]
    return base.model(nodes, inputs, [info("y", ["N", 5])], weights, 8, 3)


def as_paddle(w):
    """A bias reshaped and added, weights behind Identity, the sizes of a flatten computed, MatMul and Add."""
    int64 = onnx.TensorProto.INT64
    nodes = [
        helper.make_node("Identity", ["conv"], ["conv_w"]),
        helper.make_node("Conv", ["x", "conv_w"], ["c"], pads=[1] * 4, strides=[2, 2], dilations=[1, 1], group=1),
        helper.make_node("Constant", [], ["sizes"], value=helper.make_tensor("", int64, [4], [1, 4, 1, 1])),
        helper.make_node("Reshape", ["conv_bias", "sizes"], ["conv_b"]),
        helper.make_node("Add", ["c", "conv_b"], ["cb"]),
        helper.make_node("BatchNormalization", ["cb", "gamma", "beta", "mean", "var"], ["n"], epsilon=EPSILON, momentum=0.9),
        helper.make_node("Add", ["n", "three"], ["n3"]),
        helper.make_node("Clip", ["n3", "zero", "six"], ["n6"]),
        helper.make_node("Mul", ["n", "n6"], ["nn"]),
        helper.make_node("Div", ["nn", "six"], ["h"]),
        helper.make_node("Conv", ["h", "point"], ["p"], pads=[0] * 4, kernel_shape=[1, 1]),
        helper.make_node("Reshape", ["point_bias", "sizes"], ["point_b"]),
        helper.make_node("Add", ["p", "point_b"], ["pb"]),
        helper.make_node("Add", ["pb", "h"], ["s"]),
        helper.make_node("Clip", ["s", "zero", "six"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["g"]),
        helper.make_node("Shape", ["g"], ["g_shape"]),
        helper.make_node("Slice", ["g_shape", "start", "end", "start"], ["batch"]),
        helper.make_node("Concat", ["batch", "rest"], ["flat"], axis=0),
        helper.make_node("Reshape", ["g", "flat"], ["f"]),
        helper.make_node("MatMul", ["f", "dense"], ["d"]),
        helper.make_node("Add", ["d", "dense_bias"], ["y"]),
    ]
    names = ("conv", "conv_bias", "gamma", "beta", "mean", "var", "point", "point_bias", "dense_bias")
    weights = [constant(name, getattr(w, name)) for name in names] + scalars(zero=0, three=3, six=6)
    weights += [constant("dense", w.dense.T.copy()), constant("start", np.array([0])), constant("end", np.array([1])),
                constant("rest", np.array([-1]))]
    return base.model(nodes, [info("x", ["N", 3, 8, 8])], [info("y", ["N", 5])], weights, 13)


class Forms(base.RoundTrip):
    def canonical(self, model, passes=CANONICAL):
        """The model after the passes, having compared what both compute."""
        source, target = self.folder / "in.onnx", self.folder / "out.onnx"
        onnx.save(model, source)
        done = subprocess.run([base.BIN / "rcc-opt", source, f"--passes={passes}", "--verify=numeric", "-o", target],
                                   text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertNotIn("not checked", done.stdout)
        onnx.checker.check_model(str(target), full_check=True)
        before, after = base.session(source), base.session(target)
        given = base.feeds(after)
        for wanted, got in zip(before.run(None, given), after.run(None, given)):
            self.assertLessEqual(float(np.max(np.abs(wanted - got)) / np.max(np.abs(wanted))), TOLERANCE)
        return onnx.load(target)


def structure(model):
    """Operators with what is not a default, and weights in the order they are read."""
    weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    kinds, read = [], []
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        kinds.append((node.op_type, sorted((k, tuple(v) if isinstance(v, list) else v)
                                           for k, v in attributes.items() if k in ("pads", "strides", "transB", "group"))))
        read += [weights[name] for name in node.input if name in weights]
    return kinds, read


class OneForm(Forms):
    """By the passes of docs/recipes/canonicalize.toml."""

    def setUp(self):
        super().setUp()
        self.weights = Weights()
        self.kinds, self.read = structure(self.canonical(as_pytorch(self.weights)))

    def check(self, model, leading=(), lowered=()):
        kinds, read = structure(self.canonical(model))
        wanted = [kind for kind in self.kinds for kind in (lowered if kind[0] == "HardSwish" and lowered else [kind])]
        self.assertEqual(kinds, [*leading, *wanted])
        wide = [w for w in read if w.size > 1]
        self.assertEqual(len(wide), 6)
        for ours, theirs in zip(wide, [w for w in self.read if w.size > 1]):
            self.assertEqual(ours.shape, theirs.shape)
            np.testing.assert_allclose(ours, theirs, rtol=TOLERANCE, atol=TOLERANCE)

    def test_recipe(self):
        """As a user runs it: the same file as from the pipeline."""
        onnx.save(as_keras(self.weights), self.folder / "keras.onnx")
        by_recipe = self.folder / "canonical.onnx"
        done = subprocess.run([base.BIN / "rcc", "--recipe", RECIPE, self.folder / "keras.onnx", "-o", by_recipe,
                               "--no-cache"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        ours, by_pipeline = structure(onnx.load(by_recipe)), structure(self.canonical(as_keras(self.weights)))
        self.assertEqual(ours[0], by_pipeline[0])
        for left, right in zip(ours[1], by_pipeline[1], strict=True):
            np.testing.assert_array_equal(left, right)

    def test_pytorch(self):
        self.assertEqual([kind for kind, _ in self.kinds],
                         ["Conv", "HardSwish", "Conv", "Add", "Clip", "GlobalAveragePool", "Flatten", "Gemm"])

    def test_tf2onnx(self):
        self.check(as_tf2onnx(self.weights), leading=[("Transpose", [])])

    def test_keras(self):
        # The model's opset has no HardSwish.
        self.check(as_keras(self.weights), lowered=[("HardSigmoid", []), ("Mul", [])])

    def test_paddle(self):
        self.check(as_paddle(self.weights), lowered=[("HardSigmoid", []), ("Mul", [])])

    def test_old_zoo(self):
        self.check(as_old_zoo(self.weights), lowered=[("HardSigmoid", []), ("Mul", [])])


def gelu_pieces(x, y, root="root"):
    return [helper.make_node("Div", [x, root], ["d"]), helper.make_node("Erf", ["d"], ["e"]),
            helper.make_node("Add", ["e", "one"], ["a"]), helper.make_node("Mul", [x, "a"], ["m"]),
            helper.make_node("Mul", ["m", "half"], [y])]


class OlderOpsets(Forms):
    """A pass puts an operator together; the file is still of the opset it had."""

    def check(self, nodes, weights, passes, pieces, opset, shape):
        made = base.model(nodes, [info("x", shape)], [info("y", shape)], weights, opset)
        out = self.canonical(made, passes)
        self.assertEqual(out.opset_import[0].version, opset)
        self.assertEqual([node.op_type for node in out.graph.node], pieces)
        text = self.folder / "fused.rir"
        done = subprocess.run([base.BIN / "rcc-opt", self.folder / "in.onnx", f"--passes={passes}", "-o", text],
                                   check=False)
        self.assertEqual(done.returncode, 0)
        return text.read_text()

    def test_gelu(self):
        text = self.check(gelu_pieces("x", "y"), scalars(root=2**0.5, one=1, half=0.5), "fuse_gelu",
                          ["Div", "Erf", "Add", "Mul", "Mul"], 13, [2, 3])
        self.assertIn("%y = gelu(%x)", text)

    def test_gelu_by_tanh(self):
        nodes = [helper.make_node("Pow", ["x", "three"], ["p"]), helper.make_node("Mul", ["p", "k"], ["q"]),
                 helper.make_node("Add", ["x", "q"], ["u"]), helper.make_node("Mul", ["u", "c"], ["s"]),
                 helper.make_node("Tanh", ["s"], ["e"]), helper.make_node("Add", ["e", "one"], ["a"]),
                 helper.make_node("Mul", ["x", "a"], ["m"]), helper.make_node("Mul", ["m", "half"], ["y"])]
        weights = scalars(three=3, k=0.044715, c=(2 / np.pi)**0.5, one=1, half=0.5)
        text = self.check(nodes, weights, "fuse_gelu", ["Pow", "Mul", "Add", "Mul", "Tanh", "Add", "Mul", "Mul"],
                          9, [2, 3])
        self.assertIn('%y = gelu(%x) {approximate = "tanh"}', text)

    def test_layer_norm(self):
        nodes = [helper.make_node("ReduceMean", ["x"], ["m"], axes=[-1]), helper.make_node("Sub", ["x", "m"], ["d"]),
                 helper.make_node("Pow", ["d", "two"], ["p"]), helper.make_node("ReduceMean", ["p"], ["v"], axes=[-1]),
                 helper.make_node("Add", ["v", "eps"], ["e"]), helper.make_node("Sqrt", ["e"], ["r"]),
                 helper.make_node("Div", ["d", "r"], ["q"]), helper.make_node("Mul", ["q", "gamma"], ["s"]),
                 helper.make_node("Add", ["s", "beta"], ["y"])]
        weights = [*scalars(two=2, eps=1e-3), constant("gamma", np.array([1, 2, 3], "f")),
                   constant("beta", np.array([4, 5, 6], "f"))]
        text = self.check(nodes, weights, "fuse_layer_norm",
                          ["ReduceMean", "Sub", "Pow", "ReduceMean", "Add", "Sqrt", "Div", "Mul", "Add"], 13, [2, 4, 3])
        self.assertIn("layer_norm(%x, @gamma, @beta)", text)

    def test_hard_swish(self):
        nodes = [helper.make_node("HardSigmoid", ["x"], ["h"], alpha=1 / 6, beta=0.5),
                 helper.make_node("Mul", ["x", "h"], ["y"])]
        text = self.check(nodes, [], "fuse_hard_swish", ["HardSigmoid", "Mul"], 9, [2, 3])
        self.assertIn("%y = hard_swish(%x)", text)

    def test_swish(self):
        nodes = [helper.make_node("Mul", ["x", "a"], ["m"]), helper.make_node("Sigmoid", ["m"], ["s"]),
                 helper.make_node("Mul", ["s", "x"], ["y"])]
        text = self.check(nodes, scalars(a=1.702), "fuse_swish", ["Mul", "Sigmoid", "Mul"], 9, [2, 3])
        self.assertIn("%y = swish(%x) {alpha = 1.702}", text)
        text = self.check([helper.make_node("Sigmoid", ["x"], ["s"]), helper.make_node("Mul", ["x", "s"], ["y"])],
                          [], "fuse_swish", ["Sigmoid", "Mul"], 13, [2, 3])
        self.assertIn("%y = swish(%x)", text)

    def test_the_operator_is_kept_where_the_opset_has_it(self):
        made = base.model(gelu_pieces("x", "y"), [info("x", [2, 3])], [info("y", [2, 3])],
                          scalars(root=2**0.5, one=1, half=0.5), 20, 9)
        out = self.canonical(made, "fuse_gelu")
        self.assertEqual([node.op_type for node in out.graph.node], ["Gelu"])

    def test_mish(self):
        """From a text, at the opset that a text without one is written at."""
        text = self.folder / "mish.rir"
        text.write_text("graph @mish(%x: f32[2,3]) {\n  %y = mish(%x)\n  return %y\n}\n")
        target = self.folder / "out.onnx"
        self.assertEqual(self.rcc(text, target).returncode, 0)
        out = onnx.load(target)
        self.assertEqual(out.opset_import[0].version, 17)
        self.assertEqual([node.op_type for node in out.graph.node], ["Softplus", "Tanh", "Mul"])
        x = base.weights(2, 3)
        found = base.session(target).run(None, {"x": x})[0]
        np.testing.assert_allclose(found, x * np.tanh(np.log1p(np.exp(x))), rtol=1e-5)


if __name__ == "__main__":
    unittest.main()
