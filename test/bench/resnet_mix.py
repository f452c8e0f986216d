"""One network like a long ResNet, as `.rir`, as generic MLIR and as ONNX.

A block is ten operators: conv, batch_norm, relu, conv, batch_norm, add, relu, max_pool and two reshapes
in a row, of which a rewrite makes one. Convolutions have three operands and three lists of integers.
Every operator has a name and a location. Blocks share their weights, so that each line is an operator
here as there: a constant is an operation in MLIR and none in rcc.

The MLIR side has the same operands, attributes, sizes and locations, in tosa, the registered dialect with
ResNet's operators, so that both sides check the number of operands, attributes and element types; rcc
infers and compares every shape besides. tosa keeps channels last, has no batch_norm, which here is an
operator of no dialect, of which MLIR checks nothing, and its relu needs two attributes: abs, which like
relu has one operand and no attribute, stands for it. All of them print in the generic form, which names
the types of operands, too. The rewrite is compiled C++ there, text loaded at the start here.
"""
OPERATORS_A_BLOCK = 10
SHAPES = ([1, 64, 56, 56], [1, 64, 28, 112])
FLAT = [1, 64, 3136]
TOSA = {"conv": "conv2d", "relu": "abs", "add": "add", "max_pool": "max_pool2d", "reshape": "reshape"}
TOSA_ATTRIBUTES = {"dilations": "dilation", "pads": "pad", "strides": "stride", "kernel_shape": "kernel"}

RULES = """# One reshape does what two in a row do.

rule merge_reshapes effect exact {
  match {
    a = reshape(x, _) { .. };
    y = reshape(a, shape);
  }
  replace y with reshape(x, shape);
}
"""

CONSTANTS = {"weight": [64, 64, 3, 3], "bias": [64], "gamma": [64], "beta": [64], "mean": [64], "var": [64]}
CONV = {"dilations": [2, 2], "pads": [2, 2, 2, 2], "strides": [1, 1]}
POOL = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [1, 1]}
NORM = {"epsilon": 0.001}
STATISTICS = ["@gamma", "@beta", "@mean", "@var"]


def operators(blocks):
    """(operator, result, operands, attributes, result shape) of each node; @ marks constants."""
    value, shape = "x", SHAPES[0]
    for block in range(blocks):
        def name(part):
            return f"layer{block}.{part}"
        other = SHAPES[(block + 1) % 2]
        yield "conv", name("conv1"), [value, "@weight", "@bias"], CONV, shape
        yield "batch_norm", name("bn1"), [name("conv1"), *STATISTICS], NORM, shape
        yield "relu", name("relu1"), [name("bn1")], {}, shape
        yield "conv", name("conv2"), [name("relu1"), "@weight", "@bias"], CONV, shape
        yield "batch_norm", name("bn2"), [name("conv2"), *STATISTICS], NORM, shape
        yield "add", name("add"), [name("bn2"), value], {}, shape
        yield "relu", name("relu2"), [name("add")], {}, shape
        yield "max_pool", name("pool"), [name("relu2")], POOL, shape
        yield "reshape", name("flat"), [name("pool")], {}, FLAT
        yield "reshape", name("shape"), [name("flat")], {}, other
        value, shape = name("shape"), other


def last(blocks):
    return f"layer{blocks - 1}.shape" if blocks else "x"


def rir_type(shape):
    return f"f32[{','.join(map(str, shape))}]"


def rir_value(operand):
    return operand if operand.startswith("@") else "%" + operand


def rir_attribute(value):
    return f"<{','.join(map(str, value))}>" if isinstance(value, list) else str(value)


def rir(blocks):
    lines = [f"graph @resnet(%x: {rir_type(SHAPES[0])}) {{"]
    lines += [f"  @{name} = const {rir_type(shape)}" for name, shape in CONSTANTS.items()]
    lines += [f"  @to_{'_'.join(map(str, shape))} = const i64[{len(shape)}] {rir_attribute(shape)}"
              for shape in (*SHAPES, FLAT)]
    for op, name, operands, attributes, shape in operators(blocks):
        if op == "reshape":
            operands = [*operands, f"@to_{'_'.join(map(str, shape))}"]
        stated = ", ".join(f"{key} = {rir_attribute(value)}" for key, value in attributes.items())
        lines.append(f"  %{name} = {op}({', '.join(map(rir_value, operands))})"
                     f"{f' {{{stated}}}' if stated else ''} : {rir_type(shape)} loc(\"{name}\")")
    return "\n".join([*lines, f"  return %{last(blocks)}", "}", ""])


def mlir_type(shape):
    """Channels last."""
    shape = [shape[0], *shape[2:], shape[1]] if len(shape) > 1 else shape
    return f"tensor<{'x'.join(map(str, shape))}xf32>"


def mlir_value(operand):
    return "%" + operand.removeprefix("@").replace(".", "_")


def mlir_operator(op, attributes, shape):
    if op not in TOSA:
        return f'"rcc.{op}"', attributes
    if op == "reshape":
        attributes = {"new_shape": [shape[0], *shape[2:], shape[1]]}
    return f'"tosa.{TOSA[op]}"', {TOSA_ATTRIBUTES.get(key, key): value for key, value in attributes.items()}


def mlir(blocks):
    first = mlir_type(SHAPES[0])
    shapes = {"x": SHAPES[0]}
    lines = []
    for name, shape in CONSTANTS.items():
        shapes["@" + name] = shape
        lines.append(f'  %{name} = "rcc.const"() : () -> {mlir_type(shape)} loc("{name}")')
    for op, name, operands, attributes, shape in operators(blocks):
        shapes[name] = shape
        op, attributes = mlir_operator(op, attributes, shape)
        stated = ", ".join(f"{key} = {value}" for key, value in attributes.items())
        lines.append(f"  {mlir_value(name)} = {op}({', '.join(map(mlir_value, operands))})"
                     f"{f' {{{stated}}}' if stated else ''}"
                     f" : ({', '.join(mlir_type(shapes[o]) for o in operands)})"
                     f' -> {mlir_type(shape)} loc("{name}")')
    result = mlir_type(shapes[last(blocks)])
    return "\n".join([f"func @resnet(%x: {first}) -> {result} {{", *lines,
                      f"  return {mlir_value(last(blocks))} : {result}", "}", ""])


ONNX_OPERATORS = {"conv": "Conv", "batch_norm": "BatchNormalization", "relu": "Relu", "add": "Add",
                  "max_pool": "MaxPool", "reshape": "Reshape"}


def onnx_model(blocks):
    import numpy
    from onnx import TensorProto, helper, numpy_helper
    weights = [numpy_helper.from_array(numpy.full(shape, 0.5, numpy.float32), name)
               for name, shape in CONSTANTS.items()]
    weights += [numpy_helper.from_array(numpy.array(shape, numpy.int64), f"to_{len(shape)}_{shape[2]}")
                for shape in (*SHAPES, FLAT)]
    nodes = []
    for op, name, operands, attributes, shape in operators(blocks):
        if op == "reshape":
            operands = [*operands, f"to_{len(shape)}_{shape[2]}"]
        nodes.append(helper.make_node(ONNX_OPERATORS[op], [o.removeprefix("@") for o in operands], [name],
                                      name=name, **attributes))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "resnet", [value("x", TensorProto.FLOAT, SHAPES[0])],
                              [value(last(blocks), TensorProto.FLOAT, SHAPES[blocks % 2])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return model.SerializeToString()
