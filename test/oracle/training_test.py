"""Training by the torch module against the same steps written in PyTorch.

torch_probe trains a small network on 32 images, all of them in each step, so that their order does
not matter; here PyTorch's own modules, optimizer and fake quantizers do the same.
"""
import math
import os
import pathlib
import subprocess
import tempfile
import unittest

try:
    import numpy as np
    import onnx
    import torch
    import torch.nn.functional as F
    from onnx import TensorProto, helper, numpy_helper
except ImportError:
    torch = None

PROBE = pathlib.Path(os.environ.get("RCC_BIN", "build/release/bin")) / "torch_probe"
IMAGES, STEPS, MEAN, STD = 32, 6, 0.5, 0.25
ACTIVATION_SCALE, WEIGHT_SCALES = 1 / 64, (1 / 32, 1 / 256, 1 / 512, 1 / 64, 1 / 128, 1 / 1024)


def initial_weights(classes=3):
    generator = np.random.default_rng(5)

    def normal(*shape):
        return generator.normal(0, 0.4, shape).astype(np.float32)

    return {
        "conv1.w": normal(6, 1, 3, 3), "bn.gamma": 1 + normal(6), "bn.beta": normal(6),
        "bn.mean": normal(6), "bn.var": np.abs(normal(6)) + 0.5,
        "conv2.w": normal(8, 6, 3, 3), "conv2.b": normal(8),
        "fc.w": normal(classes, 8), "fc.b": normal(classes),
    }


def write_model(path, weights, quantized=False, norm=True):
    nodes, extra = [], {}

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    x, conv1 = "x", "conv1.w"
    if quantized:
        extra = {"s": np.float32(ACTIVATION_SCALE), "z": np.uint8(100),
                 "ws": np.float32(WEIGHT_SCALES), "wz": np.zeros(6, np.int8)}
        x = node("DequantizeLinear", [node("QuantizeLinear", [x, "s", "z"], "xq"), "s", "z"], "xd")
        quantized_weight = node("QuantizeLinear", [conv1, "ws", "wz"], "wq", axis=0)
        conv1 = node("DequantizeLinear", [quantized_weight, "ws", "wz"], "wd", axis=0)
    y = node("Conv", [x, conv1], "c1", pads=[1, 1, 1, 1])
    if norm:
        y = node("BatchNormalization", [y, "bn.gamma", "bn.beta", "bn.mean", "bn.var"], "n",
                 momentum=0.8)
    y = node("MaxPool", [node("Relu", [y], "r1")], "p", kernel_shape=[2, 2], strides=[2, 2])
    y = node("Relu", [node("Conv", [y, "conv2.w", "conv2.b"], "c2")], "r2")
    y = node("Flatten", [node("GlobalAveragePool", [y], "g")], "f")
    node("Gemm", [y, "fc.w", "fc.b"], "scores", transB=1)
    used = {name for one in nodes for name in one.input}
    tensors = [numpy_helper.from_array(np.asarray(value), name)
               for name, value in {**weights, **extra}.items() if name in used]
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 1, 8, 8])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", 3])], tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8),
              path)


class Network:
    """The same network in PyTorch."""

    def __init__(self, weights, quantized=False, norm=True):
        self.p = {name: torch.tensor(value) for name, value in weights.items()}
        self.quantized, self.norm = quantized, norm
        names = [n for n in self.p if n not in ("bn.mean", "bn.var") and (norm or n[:2] != "bn")]
        self.trained = {n: self.p[n].requires_grad_() for n in names}

    def __call__(self, x, training=True):
        p, conv1 = self.p, self.p["conv1.w"]
        if self.quantized:
            x = torch.fake_quantize_per_tensor_affine(x, ACTIVATION_SCALE, 100, 0, 255)
            conv1 = torch.fake_quantize_per_channel_affine(
                conv1, torch.tensor(WEIGHT_SCALES), torch.zeros(6, dtype=torch.int32), 0, -128, 127)
        y = F.conv2d(x, conv1, padding=1)
        if self.norm:
            y = F.batch_norm(y, p["bn.mean"], p["bn.var"], p["bn.gamma"], p["bn.beta"], training, 0.2)
        y = F.relu(F.conv2d(F.max_pool2d(F.relu(y), 2), p["conv2.w"], p["conv2.b"]))
        return F.linear(y.mean((2, 3)), p["fc.w"], p["fc.b"])


def cosine(step, rate):
    return rate * 0.5 * (1 + math.cos(math.pi * step / STEPS))


def train(network, images, labels, teacher=None, sparse=(), rate=0.05, momentum=0.9,
          decay=1e-2, nesterov=False, smoothing=0.0, temperature=2.0, alpha=0.7):
    groups = [{"params": [p for p in network.trained.values() if p.dim() >= 2], "weight_decay": decay},
              {"params": [p for p in network.trained.values() if p.dim() < 2], "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=nesterov)
    masks = {name: (network.p[name] != 0).float() for name in sparse}
    losses = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = cosine(step, rate)
        scores = network(images)
        loss = F.cross_entropy(scores, labels, label_smoothing=smoothing)
        if teacher:
            with torch.no_grad():
                target = F.softmax(teacher(images, training=False) / temperature, 1)
            kl = F.kl_div(F.log_softmax(scores / temperature, 1), target, reduction="batchmean")
            loss = (1 - alpha) * loss + alpha * temperature ** 2 * kl
        optimizer.zero_grad()
        loss.backward()
        for name, mask in masks.items():
            network.p[name].grad *= mask
        optimizer.step()
        losses.append(loss.item())
    return losses


@unittest.skipUnless(torch and PROBE.exists(), "needs PyTorch and torch_probe")
class Training(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        generator = np.random.default_rng(1)
        pixels = generator.integers(0, 256, (IMAGES, 1, 8, 8)).astype(np.uint8)
        labels = (np.arange(IMAGES) % 3).astype(np.uint8)
        header = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (IMAGES, 8, 8))
        (cls.folder / "images").write_bytes(header + pixels.tobytes())
        (cls.folder / "labels").write_bytes(b"\0\0\x08\x01" + IMAGES.to_bytes(4, "big")
                                            + labels.tobytes())
        cls.images = torch.tensor(((pixels / 255.0 - MEAN) / STD).astype(np.float32))
        cls.labels = torch.tensor(labels.astype(np.int64))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def probe(self, command, model, *arguments):
        source = f"idx:{self.folder}/images,{self.folder}/labels"
        data = (f'train="{source}",eval="{source}",channels=gray,'
                f"normalize={{mean=[{MEAN}],std=[{STD}]}},calibrate={{samples={IMAGES}}}")
        done = subprocess.run([PROBE, command, model, f"data={data}", *arguments],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def check(self, options, network=None, sparse=(), batch=IMAGES, teacher=None, weights=None,
              **settings):
        weights = weights or initial_weights()
        shape = network or {}
        model, out = self.folder / "in.onnx", self.folder / "out.onnx"
        write_model(model, weights, **shape)
        arguments = [f"out={out}", f"sparse={','.join(sparse)}",
                     f"options=epochs={STEPS},batch={batch},learning_rate=0.05,momentum=0.9,"
                     f"weight_decay=0.01{options}"]
        if teacher:
            write_model(self.folder / "teacher.onnx", teacher)
            arguments.append(f"teacher={self.folder}/teacher.onnx")
        lines = self.probe("train", model, *arguments).splitlines()
        losses = [float(line.split()[1]) for line in lines if line.startswith("loss ")]
        twin = Network(weights, **shape)
        expected = train(twin, self.images, self.labels, sparse=sparse,
                         teacher=Network(teacher) if teacher else None, **settings)
        np.testing.assert_allclose(losses, expected, rtol=0, atol=1e-5)
        trained = {t.name: numpy_helper.to_array(t) for t in onnx.load(out).graph.initializer}
        compared = 0
        for name, value in twin.p.items():
            if name in trained:
                np.testing.assert_allclose(trained[name], value.detach().numpy(), rtol=0, atol=1e-5,
                                           err_msg=name)
                compared += not np.allclose(trained[name], weights[name], rtol=0, atol=1e-4)
        return trained, compared

    def test_momentum_decay_and_running_statistics(self):
        _, changed = self.check("")
        self.assertEqual(changed, 9)

    def test_nesterov_and_label_smoothing(self):
        self.check(",nesterov=true,label_smoothing=0.1", nesterov=True, smoothing=0.1)

    def test_distillation(self):
        teacher = {name: value * 1.5 for name, value in initial_weights().items()}
        self.check(",distill={temperature=2,alpha=0.7}", teacher=teacher)

    def test_straight_through_quantizers(self):
        images = torch.round(self.images / ACTIVATION_SCALE) + 100
        self.assertGreater(int(((images < 0) | (images > 255)).sum()), 100)
        weights = initial_weights()
        steps = np.abs(weights["conv1.w"]).max((1, 2, 3)) / np.float32(WEIGHT_SCALES)
        self.assertGreater(int((steps > 127).sum()), 0)
        self.assertGreater(int((steps < 127).sum()), 0)
        self.check("", network={"quantized": True})

    def test_accumulated_batches_are_one_step(self):
        self.check(",accumulate=2", network={"norm": False}, batch=IMAGES // 2)

    def test_sparse_zeros_stay(self):
        weights = initial_weights()
        weights["conv2.w"][::2] = 0
        trained, _ = self.check("", sparse=["conv2.w"], weights=weights)
        self.assertTrue((trained["conv2.w"][::2] == 0).all())
        self.assertTrue((trained["conv2.w"][1::2] != 0).all())

    def test_histogram_is_numpys(self):
        model = self.folder / "in.onnx"
        write_model(model, initial_weights())
        text = self.probe("observe", model, "value=x").splitlines()
        low, high, first, width = map(float, text[-2].split())
        counts = np.array(text[-1].split(), dtype=np.int64)
        values = self.images.numpy()
        self.assertEqual((low, high), (values.min(), values.max()))
        expected, edges = np.histogram(values, bins=2048, range=(first, first + 2048 * width))
        self.assertAlmostEqual(edges[1] - edges[0], width, places=7)
        self.assertEqual(counts.sum(), values.size)
        self.assertEqual(len(counts), 2048)
        # No pixel value but the first and last lies within 1/255 of a bin of an edge.
        np.testing.assert_array_equal(counts, expected)


if __name__ == "__main__":
    unittest.main()
