#!/usr/bin/env python3
"""What rcc reads and writes again is accepted by ONNX's checker and computes the same in ONNX Runtime."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(os.environ.get("RCC_ROOT", pathlib.Path(__file__).resolve().parents[2]))
BIN = pathlib.Path(os.environ.get("RCC_BIN", ROOT / "build" / "release" / "bin"))
MODELS = pathlib.Path(os.environ.get("RCC_MODELS", ROOT.parent / "shared" / "models"))
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def weights(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def info(name, shape, dtype=FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def model(nodes, inputs, outputs, initializers=(), opset=17, ir=8, **more):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    opsets = [helper.make_opsetid("", opset)] + more.pop("opsets", [])
    made = helper.make_model(graph, opset_imports=opsets, **more)
    made.ir_version = ir
    return made


def session(path):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def feeds(running, seed=1):
    types = {"tensor(float)": np.float32, "tensor(int64)": np.int64, "tensor(bool)": np.bool_}
    made = {}
    for number, item in enumerate(running.get_inputs()):
        shape = [size if isinstance(size, int) else 2 for size in item.shape]
        made[item.name] = weights(*shape, seed=seed + number).astype(types[item.type])
    return made


class RoundTrip(unittest.TestCase):
    """Helpers; the tests are below."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def rcc(self, source, target):
        return subprocess.run([BIN / "rcc-opt", source, "-o", target], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    def convert(self, source):
        target = self.folder / "out.onnx"
        done = self.rcc(source, target)
        self.assertEqual(done.returncode, 0, done.stdout)
        return target

    def round_trip(self, source, tolerance=0.0):
        """The model that rcc writes, after comparing what it computes."""
        if isinstance(source, onnx.ModelProto):
            path = self.folder / "in.onnx"
            onnx.save(source, path)
            source = path
        target = self.convert(source)
        onnx.checker.check_model(str(target), full_check=True)
        before, after = session(source), session(target)
        self.assertEqual([o.name for o in before.get_outputs()], [o.name for o in after.get_outputs()])
        given = feeds(after)
        self.assertEqual(sorted(given), sorted(i.name for i in after.get_inputs()))
        for wanted, got in zip(before.run(None, given), after.run(None, given)):
            if isinstance(wanted, np.ndarray) and wanted.dtype.kind == "f":
                self.assertEqual(wanted.shape, got.shape)
                self.assertLessEqual(float(np.max(np.abs(wanted - got), initial=0)), tolerance)
            else:
                np.testing.assert_array_equal(wanted, got)
        return onnx.load(target)


class Small(RoundTrip):
    def test_initializers_as_inputs(self):
        """As in old model zoos: IR version 3, and two layers that share one set of statistics."""
        ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
        initializers = [constant("w", weights(4, 3, 3, 3)), constant("ones", ones),
                        constant("zeros", zeros), constant("fc", weights(4, 5, seed=3)),
                        constant("size", np.array([0, -1], np.int64))]
        statistics = ["ones", "zeros", "zeros", "ones"]
        nodes = [
            helper.make_node("Identity", ["ones"], ["ones_copy"]),
            helper.make_node("Identity", ["ones_copy"], ["ones_copy_2"]),
            helper.make_node("Conv", ["x", "w"], ["c"], "conv", pads=[1] * 4, auto_pad="NOTSET"),
            helper.make_node("BatchNormalization", ["c", *statistics], ["b"], "bn", spatial=1),
            helper.make_node("BatchNormalization", ["b", "ones_copy_2", "zeros", "zeros", "ones_copy"],
                             ["b2"], "bn2"),
            helper.make_node("Relu", ["b2"], ["r"]),
            helper.make_node("ReduceMean", ["r"], ["m"], axes=[2, 3], keepdims=1),
            helper.make_node("Reshape", ["m", "size"], ["f"]),
            helper.make_node("MatMul", ["f", "fc"], ["y"]),
        ]
        inputs = [info("x", ["N", 3, 8, 8])]
        inputs += [info(t.name, list(t.dims), t.data_type) for t in initializers]
        out = self.round_trip(model(nodes, inputs, [info("y", ["N", 5])], initializers, 8, 3))
        self.assertEqual([i.name for i in out.graph.input], ["x"])
        self.assertGreaterEqual(out.ir_version, 4)
        self.assertEqual(out.opset_import[0].version, 8)
        self.assertNotIn("Identity", [n.op_type for n in out.graph.node])
        reads = [n.input[1] for n in out.graph.node if n.op_type == "BatchNormalization"]
        self.assertEqual(reads, ["ones", "ones_copy_2"])

    def test_subgraphs_keep_their_captures(self):
        then = helper.make_graph([helper.make_node("Mul", ["r", "two"], ["t"])], "then", [],
                                 [info("t", [2, 3])])
        inner = helper.make_graph([helper.make_node("Add", ["r", "x"], ["i"])], "inner", [],
                                  [info("i", [2, 3])])
        inner_else = helper.make_graph([helper.make_node("Neg", ["r"], ["j"])], "inner_else", [],
                                       [info("j", [2, 3])])
        other = helper.make_graph(
            [helper.make_node("If", ["flag"], ["e"], then_branch=inner, else_branch=inner_else)],
            "else", [], [info("e", [2, 3])])
        nodes = [helper.make_node("Relu", ["x"], ["r"]),
                 helper.make_node("If", ["flag"], ["y"], then_branch=then, else_branch=other)]
        made = model(nodes, [info("x", [2, 3]), info("flag", [], BOOL)], [info("y", [2, 3])],
                     [constant("two", np.float32(2))])
        out = self.round_trip(made)
        self.assertEqual([n.op_type for n in out.graph.node], ["Relu", "If"])

    def test_external_data(self):
        nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
        made = model(nodes, [info("x", [1, 3, 8, 8])], [info("y", [1, 16, 6, 6])],
                     [constant("w", weights(16, 3, 3, 3))])
        path = self.folder / "external.onnx"
        onnx.save(made, path, save_as_external_data=True, location="w.bin", size_threshold=0)
        out = self.round_trip(path)
        self.assertEqual(len(out.graph.initializer[0].raw_data), 16 * 27 * 4)

    def test_masks_that_nobody_reads(self):
        """Below opset 10 a mask was no boolean; old files name it all the same."""
        nodes = [helper.make_node("Dropout", ["x"], ["a", "a_mask"], ratio=0.5),
                 helper.make_node("Dropout", ["a"], ["y", "mask"], ratio=0.5)]
        unread = self.round_trip(model(nodes, [info("x", [2, 3])], [info("y", [2, 3])], [], 9, 3))
        self.assertEqual([list(node.output) for node in unread.graph.node], [["a"], ["y"]])
        path = self.folder / "unread.onnx"
        onnx.save(unread, path)
        dropped = self.folder / "dropped.onnx"
        done = subprocess.run([BIN / "rcc-opt", path, "--passes=drop_dropout", "-o", dropped], check=False)
        self.assertEqual(done.returncode, 0)
        self.assertEqual(len(onnx.load(dropped).graph.node), 1)

    def test_batch_norm_that_trains(self):
        """Before opset 14 it named five results; of weights it is what standardizes them."""
        statistics = [constant("gamma", weights(4)), constant("beta", weights(4, seed=2)),
                      constant("mean", weights(4, seed=3)), constant("var", np.abs(weights(4, seed=4)) + 1)]
        results = ["w", "running_mean", "running_var", "saved_mean", "saved_var"]
        nodes = [helper.make_node("BatchNormalization", ["v", "gamma", "beta", "mean", "var"], results, "standardize"),
                 helper.make_node("Conv", ["x", "w"], ["y"])]
        for opset in (9, 13):
            with self.subTest(opset=opset):
                made = model(nodes, [info("v", [3, 4, 5]), info("x", [1, 4, 9])], [info("y", [1, 3, 5])], statistics,
                             opset, 5)
                out = self.round_trip(made)
                self.assertEqual(len(out.graph.node[0].output), 5)
                text = self.folder / "out.rir"
                self.assertEqual(self.rcc(self.folder / "in.onnx", text).returncode, 0)
                self.assertIn("training_mode = 1", text.read_text())

    def test_unsorted_nodes_and_metadata(self):
        nodes = [helper.make_node("Relu", ["c"], ["y"], "late"),
                 helper.make_node("Neg", ["x"], ["c"], "early")]
        made = model(nodes, [info("x", ["batch", 3])], [info("y", ["batch", 3])],
                     producer_name="maker", producer_version="7", doc_string="about",
                     domain="org.example", model_version=3)
        helper.set_model_props(made, {"b": "2", "a": "1"})
        path = self.folder / "unsorted.onnx"
        path.write_bytes(made.SerializeToString())
        out = onnx.load(self.convert(path))
        onnx.checker.check_model(out, full_check=True)
        self.assertEqual([n.name for n in out.graph.node], ["early", "late"])
        self.assertEqual([(p.key, p.value) for p in out.metadata_props], [("b", "2"), ("a", "1")])
        for field in ("producer_name", "producer_version", "doc_string", "domain", "model_version"):
            self.assertEqual(getattr(out, field), getattr(made, field))
        self.assertEqual(out.graph.input[0].type.tensor_type.shape.dim[0].dim_param, "batch")

    def test_typed_data_of_every_kind(self):
        cases = {TensorProto.FLOAT: [1.5, -2], TensorProto.DOUBLE: [1.5, -2], TensorProto.INT64: [1, -2],
                 TensorProto.INT32: [1, -2], TensorProto.INT16: [1, -2], TensorProto.INT8: [1, -2],
                 TensorProto.UINT8: [1, 200], TensorProto.UINT16: [1, 60000],
                 TensorProto.UINT32: [1, 4000000000], TensorProto.UINT64: [1, 2**63],
                 TensorProto.BOOL: [True, False], TensorProto.FLOAT16: [1.5, -2],
                 TensorProto.BFLOAT16: [1.5, -2], TensorProto.STRING: ["a", "bc"],
                 TensorProto.INT4: [1, -2], TensorProto.UINT4: [1, 15],
                 TensorProto.FLOAT8E4M3FN: [1.5, -2], TensorProto.COMPLEX64: [1 + 2j, -1j]}
        initializers = [helper.make_tensor(f"t{dtype}", dtype, [2], values)
                        for dtype, values in cases.items()]
        nodes = [helper.make_node("Identity", [t.name], [f"{t.name}_out"]) for t in initializers]
        nodes.append(helper.make_node("Relu", ["x"], ["y"]))
        outputs = [info(f"{t.name}_out", [2], t.data_type) for t in initializers]
        made = model(nodes, [info("x", [1])], [info("y", [1]), *outputs], initializers, 21, 10)
        path = self.folder / "typed.onnx"
        onnx.save(made, path)
        out = onnx.load(self.convert(path))
        onnx.checker.check_model(out, full_check=True)
        written = {t.name: t for t in out.graph.initializer}
        self.assertEqual(len(outputs), 18)
        for tensor in initializers:
            copy = written[f"{tensor.name}_out"]
            self.assertEqual(copy.data_type, tensor.data_type)
            np.testing.assert_array_equal(numpy_helper.to_array(copy), numpy_helper.to_array(tensor))

    def test_two_outputs_of_one_value_and_of_an_input(self):
        nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Identity", ["y"], ["z"]),
                 helper.make_node("Identity", ["x"], ["w"])]
        self.round_trip(model(nodes, [info("x", [2])], [info(name, [2]) for name in "yzw"]))

    def test_model_local_function(self):
        function = helper.make_function("my", "Double", ["a"], ["b"],
                                        [helper.make_node("Add", ["a", "a"], ["b"])],
                                        [helper.make_opsetid("", 17)])
        nodes = [helper.make_node("Double", ["x"], ["y"], domain="my")]
        made = model(nodes, [info("x", [2])], [info("y", [2])], functions=[function],
                     opsets=[helper.make_opsetid("my", 1)])
        out = self.round_trip(made)
        self.assertEqual(out.functions[0].name, "Double")

    def test_same_input_gives_same_bytes(self):
        nodes = [helper.make_node("Conv", ["x", "w"], ["y"])]
        made = model(nodes, [info("x", [1, 3, 8, 8])], [info("y", None)],
                     [constant("w", weights(16, 3, 3, 3))])
        onnx.save(made, self.folder / "in.onnx")
        first = self.convert(self.folder / "in.onnx").read_bytes()
        os.rename(self.folder / "out.onnx", self.folder / "again.onnx")
        self.assertEqual(self.convert(self.folder / "again.onnx").read_bytes(), first)


def node_cases():
    """(opset, node, input shapes, extra initializers): operators whose form changed between opsets."""
    def node(op, more=(), outputs=("y",), **attributes):
        return helper.make_node(op, ["x", *more], list(outputs), op.lower(), **attributes)

    ints = lambda *values: np.array(values, np.int64)
    for opset in (7, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21):
        axes = {"axes": ints(2, 3)} if opset >= 18 else {}
        for op in ("ReduceMean", "ReduceMax"):
            more, given = (["axes"], axes) if axes else ([], {})
            yield opset, node(op, more, **({} if axes else {"axes": [2, 3]}), keepdims=0), given
            yield opset, node(op), {}
        if opset >= 13:
            yield opset, node("ReduceSum", ["axes"]), {"axes": ints(1)}
            yield opset, node("Unsqueeze", ["axes"]), {"axes": ints(0, 2)}
        else:
            yield opset, node("ReduceSum", axes=[1]), {}
            yield opset, node("Unsqueeze", axes=[0, 2]), {}
        if opset >= 11:
            limits = {"low": np.float32(-0.5), "high": np.float32(0.5)}
            yield opset, node("Clip", ["low", "high"]), limits
            yield opset, node("Clip", ["", "high"]), {"high": limits["high"]}
            pads = {"pads": ints(0, 0, 1, 2, 0, 0, 3, 4), "value": np.float32(1.5)}
            yield opset, node("Pad", ["pads", "value"]), pads
            yield opset, node("Pad", ["pads"], mode="reflect"), {"pads": ints(0, 0, 1, 2, 0, 0, 3, 4)}
        else:
            yield opset, node("Clip", min=-0.5, max=0.5), {}
            yield opset, node("Clip", max=0.5), {}
            yield opset, node("Pad", pads=[0, 0, 1, 2, 0, 0, 3, 4], value=1.5), {}
        if opset >= 18:
            yield opset, node("Pad", ["pads", "", "axes"]), {"pads": ints(1, 2, 3, 4), "axes": ints(2, -1)}
        for axis in (1, 2, 3) if opset < 11 else (1, 2, 3, -1, -2):
            for op in ("Softmax", "LogSoftmax"):
                yield opset, node(op, axis=axis), {}
        yield opset, node("Softmax"), {}
        if opset >= 12:
            yield opset, node("Dropout", ["ratio"]), {"ratio": np.float32(0.3)}
        else:
            yield opset, node("Dropout", ratio=0.3), {}
        yield opset, node("Dropout"), {}
        if opset >= 13:
            yield opset, node("Split", ["sizes"], ("y", "z"), axis=1), {"sizes": ints(1, 3)}
        else:
            yield opset, node("Split", [], ("y", "z"), axis=1, split=[1, 3]), {}
        even = {"num_outputs": 2} if opset >= 18 else {}
        yield opset, node("Split", [], ("y", "z"), axis=1, **even), {}
        if opset >= 10:
            yield opset, node("Slice", ["s", "e", "a"]), {"s": ints(1), "e": ints(5), "a": ints(2)}
            yield opset, node("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), {}
            yield opset, node("MaxPool", kernel_shape=[2, 2], dilations=[2, 2]), {}
        else:
            yield opset, node("Slice", starts=[1], ends=[5], axes=[2]), {}
        yield opset, node("MaxPool", kernel_shape=[3, 3], auto_pad="SAME_UPPER", strides=[2, 2]), {}
        yield opset, node("AveragePool", kernel_shape=[3, 3], auto_pad="SAME_LOWER"), {}
        yield opset, node("AveragePool", kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1), {}
        yield opset, node("Reshape", ["shape"]), {"shape": ints(0, -1)}
        yield opset, node("Flatten", axis=2), {}
        yield opset, node("Cast", to=TensorProto.INT64), {}
        yield opset, node("Transpose", perm=[0, 2, 3, 1]), {}
        yield opset, node("LeakyRelu", alpha=0.2), {}
        kernel = {"w": weights(6, 2, 3, 3)}
        yield opset, node("Conv", ["w"], group=2, auto_pad="SAME_UPPER", strides=[2, 2]), kernel
        yield opset, node("Conv", ["w"], group=2, auto_pad="VALID", kernel_shape=[3, 3]), kernel
        yield opset, node("ConvTranspose", ["w"], strides=[2, 2], output_padding=[1, 1]), {
            "w": weights(4, 2, 3, 3)}
        norm = {name: np.abs(weights(4, seed=seed)) for seed, name in enumerate("abcd")}
        yield opset, node("BatchNormalization", list("abcd"), epsilon=1e-3), norm
        if opset >= 9:
            yield opset, node("Gemm", ["w", "c"], transB=1, alpha=0.5), {
                "w": weights(5, 6), "c": weights(5)}
        if opset >= 10:
            quant = {"scale": np.float32(0.1), "zero": np.uint8(3)}
            yield opset, node("QuantizeLinear", ["scale", "zero"]), quant
        grow = np.float32([1, 1, 2, 1.5])
        for mode in ("nearest", "linear"):
            if opset < 9:
                yield opset, node("Upsample", scales=grow, mode=mode), {}
            elif opset < 10:
                yield opset, node("Upsample", ["scales"], mode=mode), {"scales": grow}
            elif opset < 11:
                yield opset, node("Resize", ["scales"], mode=mode), {"scales": grow}
                yield opset, node("Resize", ["scales"], mode=mode), {"scales": np.float32([1, 1, 0.5, 0.7])}
            else:
                more = {"roi": np.float32([]), "scales": grow}
                yield opset, node("Resize", ["roi", "scales"], mode=mode,
                                  coordinate_transformation_mode="asymmetric"), more
        if opset >= 13:
            quant = {"scale": np.float32([0.1, 0.2, 0.3, 0.4]), "zero": np.zeros(4, np.int8)}
            yield opset, node("QuantizeLinear", ["scale", "zero"], axis=1), quant


class Operators(RoundTrip):
    def test_every_form_of_every_opset(self):
        count = 0
        for opset, node, given in node_cases():
            with self.subTest(opset=opset, node=str(node)):
                shape = [3, 6] if node.op_type == "Gemm" else [2, 4, 7, 8]
                made = model([node], [info("x", shape)],
                             [helper.make_empty_tensor_value_info(name) for name in node.output],
                             [constant(name, value) for name, value in given.items()], opset,
                             max(3, dict((row[2], row[1]) for row in helper.VERSION_TABLE)[opset]))
                if made.ir_version < 4:
                    made.graph.input.extend(info(t.name, list(t.dims), t.data_type)
                                            for t in made.graph.initializer)
                made = onnx.shape_inference.infer_shapes(made)
                out = self.round_trip(made)
                self.assertEqual(out.opset_import[0].version, opset)
                self.assertEqual([n.op_type for n in out.graph.node], [node.op_type])
                self.assertEqual([n.name for n in out.graph.node], [node.name])
                count += 1
        self.assertGreater(count, 400)

    def test_upsampling_of_old_files(self):
        """It is a Resize, which computes the same at a newer opset."""
        for opset, node, given in node_cases():
            if opset > 10 or node.op_type not in ("Upsample", "Resize"):
                continue
            with self.subTest(opset=opset, node=str(node)):
                made = model([node], [info("x", [1, 2, 5, 6])], [info("y", None)],
                             [constant(name, value) for name, value in given.items()], opset, 5)
                source, text, target = (self.folder / name for name in ("in.onnx", "in.rir", "out.onnx"))
                onnx.save(made, source)
                self.assertEqual(self.rcc(source, text).returncode, 0)
                self.assertIn("= resize(", text.read_text())
                text.write_text(text.read_text().replace(f"opset = {opset}", "opset = 13"))
                done = self.rcc(text, target)
                self.assertEqual(done.returncode, 0, done.stdout)
                given_input = {"x": weights(1, 2, 5, 6)}
                wanted, = session(source).run(None, given_input)
                got, = session(target).run(None, given_input)
                np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)

    def test_upsampling_by_computed_scales(self):
        """Kept as it is: at its opset nothing else means the same whatever the scales are."""
        nodes = [helper.make_node("ReduceMean", ["x"], ["m"], axes=[0, 1, 2], keepdims=0),
                 helper.make_node("Div", ["m", "m"], ["scales"]),
                 helper.make_node("Upsample", ["x", "scales"], ["y"], mode="nearest")]
        out = self.round_trip(model(nodes, [info("x", [1, 2, 5, 4])], [info("y", [1, 2, 5, 4])], [], 9, 5))
        self.assertEqual([node.op_type for node in out.graph.node], ["ReduceMean", "Div", "Upsample"])
        self.assertEqual(out.opset_import[0].version, 9)

    def test_table_of_first_opsets_is_that_of_onnx(self):
        text = (ROOT / "frontends" / "onnx" / "first_opsets.def").read_text()
        listed = {name: int(opset)
                  for name, opset in re.findall(r"^RCC_ONNX_SINCE\((\w+), (\d+)\)$", text, re.M)}
        first = {}
        for schema in onnx.defs.get_all_schemas_with_history():
            if not schema.domain:
                first[schema.name] = min(first.get(schema.name, 99), schema.since_version)
        self.assertEqual(listed, {name: opset for name, opset in first.items() if opset > 7})


class Files(RoundTrip):
    """Models of others, where they are at hand."""

    def test_models(self):
        found = sorted(MODELS.glob("*.onnx")) if MODELS.is_dir() else []
        if not found:
            self.skipTest(f"no models in {MODELS}")
        for path in found:
            with self.subTest(path=path.name):
                before = onnx.load(path)
                out = self.round_trip(path)
                self.assertEqual([n.name for n in out.graph.node if n.op_type == "Conv"],
                                 [n.name for n in before.graph.node if n.op_type == "Conv"])


if __name__ == "__main__":
    unittest.main()
