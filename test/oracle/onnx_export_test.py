#!/usr/bin/env python3
"""ResNet18 from PyTorch's exporters, with its BatchNorms kept and folded, comes through rcc unchanged."""
import contextlib
import importlib.util
import io
import logging
import pathlib
import tempfile
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve().parent
if any(importlib.util.find_spec(name) is None for name in ("torch", "torchvision", "onnxscript")):
    raise unittest.SkipTest("needs torch, torchvision and onnxscript")

import torch  # noqa: E402
import torchvision  # noqa: E402

import onnx_round_trip_test as base  # noqa: E402


def network():
    """ResNet18 with weights and statistics that differ from layer to layer."""
    torch.manual_seed(0)
    made = torchvision.models.resnet18(weights=None)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.uniform_(module.bias, -0.1, 0.1)
    return made.eval()


class Exporters(base.RoundTrip):
    SIZE = 64

    def export(self, made, **options):
        path = self.folder / "resnet18.onnx"
        example = torch.randn(2, 3, self.SIZE, self.SIZE)
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            logging.disable(logging.WARNING)
            torch.onnx.export(made, (example,), str(path), **options)
        return path

    def check(self, path, batch_norms):
        out = self.round_trip(path)
        kinds = [node.op_type for node in out.graph.node]
        self.assertEqual(kinds.count("Conv"), 20)
        self.assertEqual(kinds.count("BatchNormalization"), batch_norms)
        self.assertNotIn("Identity", kinds)
        return out

    def test_torchscript(self):
        made = network()
        for opset in (9, 11, 13, 17):
            for mode, norms in (("EVAL", 0), ("PRESERVE", 20)):
                with self.subTest(opset=opset, mode=mode):
                    path = self.export(made, dynamo=False, opset_version=opset,
                                       training=getattr(torch.onnx.TrainingMode, mode),
                                       do_constant_folding=mode == "EVAL",
                                       dynamic_axes={"x": {0: "N"}}, input_names=["x"])
                    out = self.check(path, norms)
                    self.assertEqual(out.opset_import[0].version, opset)

    def test_torchscript_with_equal_initializers(self):
        """Fresh BatchNorms are all equal: the exporter writes one and aliases."""
        torch.manual_seed(0)
        made = torchvision.models.resnet18(weights=None).eval()
        path = self.export(made, dynamo=False, opset_version=13,
                           training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
        before = [node.op_type for node in base.onnx.load(path).graph.node]
        self.assertGreater(before.count("Identity"), 0)
        out = self.check(path, 20)
        scales = {n.input[1] for n in out.graph.node if n.op_type == "BatchNormalization"}
        self.assertEqual(len(scales), 20)

    def test_dynamo(self):
        made = network()
        for optimize, norms in ((True, 0), (False, 20)):
            with self.subTest(optimize=optimize):
                path = self.export(made, dynamo=True, optimize=optimize, verbose=False)
                self.check(path, norms)


if __name__ == "__main__":
    unittest.main()
