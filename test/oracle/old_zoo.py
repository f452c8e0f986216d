"""Networks of the first model zoo, which the onnx package carries without their weights.

Caffe2 wrote them at opset 9 with IR version 3: initializers are inputs, a BatchNormalization of ones is
followed by Mul and Add, sums are Sum, windows are as large as what they read.
"""
import pathlib

import numpy as np
import onnx
from onnx import numpy_helper

FOLDER = pathlib.Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def names():
    return sorted(file.stem.removeprefix("light_") for file in FOLDER.glob("light_*.onnx"))


def array_for(role, shape, draw):
    """Random numbers that keep activations near one; variances are positive."""
    if role == "var":
        return draw.uniform(0.5, 1.5, shape)
    if len(shape) >= 2:
        return draw.standard_normal(shape) * np.sqrt(2 / max(np.prod(shape[1:]), 1))
    return draw.uniform(0.5, 1.5, shape) if role == "scale" else draw.uniform(-0.1, 0.1, shape)


def roles(graph):
    """What the vectors are for."""
    found = {}
    for node in graph.node:
        if node.op_type == "BatchNormalization":
            found[node.input[1]], found[node.input[4]] = "scale", "var"
    unsqueezed = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Unsqueeze"}
    for node in graph.node:
        if node.op_type == "Mul" and node.input[1] in unsqueezed:
            found[unsqueezed[node.input[1]]] = "scale"
    return found


def model(name, seed=0):
    """The network with random weights in place of the nodes that fill them."""
    made = onnx.load(FOLDER / f"light_{name}.onnx")
    graph, draw = made.graph, np.random.default_rng(seed)
    role_of = roles(graph)
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept, filled, used = [], [], set()
    for node in graph.node:
        if node.op_type == "ConstantOfShape" and node.input[0] in shapes:
            shape = [int(size) for size in shapes[node.input[0]]]
            array = array_for(role_of.get(node.output[0]), shape, draw).astype(np.float32)
            filled.append(numpy_helper.from_array(array, node.output[0]))
            used.add(node.input[0])
        else:
            kept.append(node)
    others = [tensor for tensor in graph.initializer if tensor.name not in used]
    inputs = [value for value in graph.input if value.name not in used]
    inputs += [onnx.helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in filled]
    for field, items in ((graph.node, kept), (graph.initializer, others + filled), (graph.input, inputs)):
        del field[:]
        field.extend(items)
    return made
