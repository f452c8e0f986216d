"""One of ONNX's own node test cases on its way through rcc, and the runtimes that judge the outcome."""
import pathlib
import subprocess

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import shared_data

# numpy's files, in which rcc-opt leaves what it computed, hold no other elements.
NUMPY_TYPES = {TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.INT8,
               TensorProto.INT16, TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8,
               TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64, TensorProto.BOOL}
SECONDS = 60


class Refused(Exception):
    """rcc said why it does not do it."""


def rcc_opt(*arguments):
    done = subprocess.run([shared_data.BIN / "rcc-opt", *arguments], capture_output=True, text=True,
                          timeout=SECONDS, errors="replace")
    if done.returncode != 0:
        raise Refused(done.stderr.strip().splitlines()[0] if done.stderr else f"exit {done.returncode}")
    return done.stdout


def as_array(value):
    if isinstance(value, TensorProto):
        return numpy_helper.to_array(value)
    if isinstance(value, onnx.SequenceProto):
        return numpy_helper.to_list(value)
    if isinstance(value, onnx.OptionalProto):
        return numpy_helper.to_optional(value)
    return value


def is_tensor(value_info):
    return value_info.type.HasField("tensor_type")


def is_plain(value_info):
    return is_tensor(value_info) and value_info.type.tensor_type.elem_type in NUMPY_TYPES


def same(actual, expected, rtol, atol):
    """As ONNX's own test runner compares outputs; the message of the first difference, or None."""
    if expected is None or actual is None:
        return None if actual is None and expected is None else "an optional is absent"
    if isinstance(expected, (list, tuple)):
        if not isinstance(actual, (list, tuple)) or len(actual) != len(expected):
            return "the sequences have different lengths"
        return next(filter(None, (same(a, e, rtol, atol) for a, e in zip(actual, expected))), None)
    actual, expected = numpy.asarray(actual), numpy.asarray(expected)
    if actual.shape != expected.shape:
        return f"shape {actual.shape}, expected {expected.shape}"
    if expected.dtype.kind in "OUS" or actual.dtype.kind in "OUS":
        return None if actual.tolist() == expected.tolist() else "the strings differ"
    if actual.dtype != expected.dtype:
        return f"element type {actual.dtype}, expected {expected.dtype}"
    if expected.dtype.kind in "biu":
        return None if numpy.array_equal(actual, expected) else "the numbers differ"
    wide = numpy.complex128 if expected.dtype.kind == "c" else numpy.float64
    close = numpy.isclose(actual.astype(wide), expected.astype(wide), rtol=rtol, atol=atol,
                          equal_nan=True)
    return None if close.all() else f"{(~close).sum()} of {close.size} elements differ"


class Case:
    """A case, its inputs and what they should give. Only the first data set has inputs of its own."""

    def __init__(self, case):
        self.name, self.model = case.name, case.model
        self.rtol, self.atol = case.rtol, case.atol
        inputs, outputs = case.data_sets[0]
        self.inputs = [as_array(value) for value in inputs]
        self.outputs = [as_array(value) for value in outputs]
        node = case.model.graph.node[0]
        base = case.name.split("_expanded")[0]
        self.is_expanded = base != case.name
        self.operator = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        self.opset = max((o.version for o in case.model.opset_import if o.domain in ("", "ai.onnx")),
                         default=0)

    def compare(self, outputs):
        if len(outputs) != len(self.outputs):
            return f"{len(outputs)} outputs, expected {len(self.outputs)}"
        found = (same(a, e, self.rtol, self.atol) for a, e in zip(outputs, self.outputs))
        return next(filter(None, found), None)

    def has_tensors_only(self):
        return all(map(is_tensor, [*self.model.graph.input, *self.model.graph.output]))

    def bound(self):
        """The model with its inputs as initializers: what exporters write for shapes, axes and pads."""
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        del model.graph.input[:]
        for info, array in zip(self.model.graph.input, self.inputs):
            tensor = numpy_helper.from_array(numpy.asarray(array), info.name)
            tensor.data_type = info.type.tensor_type.elem_type
            model.graph.initializer.append(tensor)
        return model


def with_plain_outputs(model):
    """The model with a cast after each output whose elements numpy's files cannot hold."""
    for info in model.graph.output:
        kind = info.type.tensor_type
        if kind.elem_type in NUMPY_TYPES:
            continue
        inner = info.name + "_narrow"
        for node in model.graph.node:
            node.output[:] = [inner if name == info.name else name for name in node.output]
        model.graph.node.append(helper.make_node("Cast", [inner], [info.name], to=TensorProto.FLOAT))
        kind.elem_type = TensorProto.FLOAT
    return model


def run_reference(model, feeds):
    with numpy.errstate(all="ignore"):
        return ReferenceEvaluator(model).run(None, feeds)


def run_onnxruntime(model, feeds):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


ORACLES = [run_onnxruntime, run_reference]


def outcome(oracle, model, case, feeds):
    """None when the oracle finds the case's outputs, else why not."""
    try:
        return case.compare(oracle(model, feeds))
    except Exception as error:  # pylint: disable=broad-except
        return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def same_nodes(before, after):
    """Every node, initializer, name and version came out as it went in."""
    def parts(model):
        graph = model.graph
        attributes = [sorted(a.SerializeToString(deterministic=True) for a in n.attribute)
                      for n in graph.node]
        nodes = [(n.op_type, "" if n.domain == "ai.onnx" else n.domain, list(n.input),
                  list(n.output)) for n in graph.node]
        return (nodes, attributes, {t.name: numpy_helper.to_array(t).tobytes() for t in graph.initializer},
                [v.name for v in graph.input], [v.name for v in graph.output],
                sorted((o.domain.removeprefix("ai.onnx"), o.version) for o in model.opset_import))
    return parts(before) == parts(after)


def in_and_out(case, before, feeds, folder):
    """Reads and writes a model. Returns who vouches for the result; raises Refused or AssertionError."""
    source, target = folder / "in.onnx", folder / "out.onnx"
    onnx.save(before, source)
    target.unlink(missing_ok=True)
    rcc_opt(source, "--verify=off", "-o", target)
    after = onnx.load(target)
    reasons = []
    for oracle in ORACLES:
        reason = outcome(oracle, after, case, feeds)
        if reason is None:
            return oracle.__name__.removeprefix("run_")
        if outcome(oracle, before, case, feeds) is None and not same_nodes(before, after):
            raise AssertionError(f"the meaning changed: {oracle.__name__}: {reason}")
        reasons.append(reason)
    # What no runtime knows, or draws random numbers.
    if same_nodes(before, after):
        return "identical"
    raise AssertionError("no runtime knows it: " + "; ".join(reasons))


def interpreted(case, folder):
    """What rcc's interpreter makes of the case, compared; raises Refused or AssertionError."""
    source = folder / "bound.onnx"
    onnx.save(with_plain_outputs(case.bound()), source)
    rcc_opt(source, "--verify=off", "--run", f"--run-outputs={folder}")
    for index, (info, expected) in enumerate(zip(case.model.graph.output, case.outputs)):
        actual = numpy.load(folder / f"output_{index}.npy")
        if not is_plain(info):
            expected = numpy.asarray(expected).astype(numpy.float32)
        reason = same(actual, expected, case.rtol, case.atol)
        assert reason is None, f"the interpreter: output {index}: {reason}"


def try_case(case, folder):
    """{step: None or the reason of a failure}, and who vouched for each model."""
    folder = pathlib.Path(folder)
    results, judges = {}, {}
    feeds = {info.name: value for info, value in zip(case.model.graph.input, case.inputs)}

    def step(name, action):
        try:
            judges[name] = action()
            results[name] = None
        except Refused as error:
            results[name] = f"refused: {error}"
        except (AssertionError, subprocess.TimeoutExpired) as error:
            results[name] = str(error).splitlines()[0]

    step("in_out", lambda: in_and_out(case, case.model, feeds, folder))
    if case.has_tensors_only():
        step("bound", lambda: in_and_out(case, case.bound(), {}, folder))
        step("interpreted", lambda: interpreted(case, folder))
    return results, judges
