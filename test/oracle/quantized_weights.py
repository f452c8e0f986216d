"""What an exported INT8 model holds, read with ONNX's own package."""
import numpy
import onnx
from onnx import numpy_helper


def largest_pair_sums(path):
    """Per i8 weight of rank >= 2: its name and, for the output channel where it is largest, the sum of
    the two largest magnitudes. Kernels without VNNI overflow above 128."""
    graph = onnx.load(str(path)).graph
    axes = {node.input[0]: next((a.i for a in node.attribute if a.name == "axis"), 1)
            for node in graph.node if node.op_type == "DequantizeLinear"}
    sums = {}
    for tensor in graph.initializer:
        if tensor.data_type != onnx.TensorProto.INT8 or len(tensor.dims) < 2:
            continue
        weight = numpy.abs(numpy_helper.to_array(tensor).astype(numpy.int32))
        rows = numpy.moveaxis(weight, axes.get(tensor.name, 0), 0).reshape(
            weight.shape[axes.get(tensor.name, 0)], -1)
        rows.sort(axis=1)
        sums[tensor.name] = int((rows[:, -1] + (rows[:, -2] if rows.shape[1] > 1 else 0)).max())
    return sums
