"""ONNX's own test cases of every operator in the table, run through the importer and the interpreter.

A case gives all operands as inputs of the model. Those that the IR wants as attributes (axes, sizes of a
split) are made constants first; the rest stays as it is.
"""
import collections
import pathlib
import re
import subprocess
import tempfile
import unittest

import numpy
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

import shared_data

OPERATORS = re.findall(r'^RCC_(?:OP|UNARY|BINARY|COMPARE|REDUCE)\(\w+, (?:\.onnx_name = )?"(\w+)"',
                       (shared_data.ROOT / "ir" / "op.def").read_text(), re.M)
# Operands that the IR keeps as attributes, by operator.
ATTRIBUTES = {"Split": {1}, "Squeeze": {1}, "Unsqueeze": {1}} | {
    name: {1} for name in OPERATORS if name.startswith("Reduce")}
# numpy's files hold no such elements.
NUMPY_TYPES = {onnx.TensorProto.DataType.Value(name) for name in
               ("FLOAT", "DOUBLE", "FLOAT16", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16",
                "UINT32", "UINT64", "BOOL")}
# Draw numpy's random numbers.
EXCLUDED = {"test_training_dropout", "test_training_dropout_default", "test_training_dropout_mask",
            "test_training_dropout_default_mask"}
# Written down with four digits.
COARSE = {"test_averagepool_2d_ceil_last_window_starts_on_pad"}


def cases_by_operator():
    """The cases of one node, by its type. Collecting has to happen once: it imports modules."""
    cases = collections.defaultdict(list)
    with numpy.errstate(all="ignore"):
        collected = collect_testcases(None)
    for case in collected:
        nodes = case.model.graph.node
        if len(nodes) == 1 and nodes[0].domain == "":
            cases[nodes[0].op_type].append(case)
    return cases


def is_excluded(case):
    if case.name in EXCLUDED:
        return True
    values = [*case.model.graph.input, *case.model.graph.output]
    return any(not v.type.HasField("tensor_type") or v.type.tensor_type.elem_type not in NUMPY_TYPES
               for v in values)


def array_of(value):
    is_message = isinstance(value, onnx.TensorProto)
    return numpy_helper.to_array(value) if is_message else numpy.asarray(value)


def bind_attributes(model, inputs, positions):
    """Makes the operands at `positions` of the only node constants; returns the other inputs."""
    graph, node = model.graph, model.graph.node[0]
    bound = {node.input[i] for i in positions if i < len(node.input)}
    rest = []
    for value, array in zip(list(graph.input), inputs):
        if value.name in bound:
            graph.initializer.append(numpy_helper.from_array(array, value.name))
            graph.input.remove(value)
        else:
            rest.append(array)
    return rest


def run_case(case, folder):
    """Outputs of the interpreter, or its message."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    inputs = [array_of(value) for value in case.data_sets[0][0]]
    inputs = bind_attributes(model, inputs, ATTRIBUTES.get(model.graph.node[0].op_type, ()))
    onnx.save(model, folder / "case.onnx")
    for i, array in enumerate(inputs):
        numpy.save(folder / f"input_{i}.npy", array)
    done = subprocess.run([shared_data.BIN / "rcc-opt", folder / "case.onnx", "--run",
                           f"--run-inputs={folder}", f"--run-outputs={folder}"],
                          capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        return done.stderr
    return [numpy.load(folder / f"output_{i}.npy") for i in range(len(model.graph.output))]


class Operators(unittest.TestCase):
    """One test an operator, added below."""

    @classmethod
    def setUpClass(cls):
        cls.cases = cases_by_operator()

    def check_operator(self, name):
        cases = self.cases[name]
        self.assertTrue(cases, f"ONNX has no test case of {name}")
        ran = 0
        for case in cases:
            if is_excluded(case):
                continue
            with self.subTest(case.name), tempfile.TemporaryDirectory() as folder:
                found = run_case(case, pathlib.Path(folder))
                self.assertIsInstance(found, list, found)
                for actual, expected in zip(found, case.data_sets[0][1], strict=True):
                    self.compare(actual, array_of(expected), case.name)
                ran += 1
        self.assertTrue(ran, "every case was left out")

    def compare(self, actual, expected, name):
        self.assertEqual(actual.dtype, expected.dtype)
        self.assertEqual(actual.shape, expected.shape)
        if expected.dtype.kind == "f":
            is_coarse = name in COARSE or expected.dtype == numpy.float16
            tolerance = 2e-3 if is_coarse else 2e-6
            numpy.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)
        else:
            numpy.testing.assert_array_equal(actual, expected)


def test_of(name):
    return lambda self: self.check_operator(name)


for operator in OPERATORS:
    setattr(Operators, f"test_{operator}", test_of(operator))


if __name__ == "__main__":
    unittest.main()
