#!/usr/bin/env python3
"""A few networks of torchvision, small ones, come through rcc and compute the same.

test/oracle/torchvision_models.py does it with all of them.
"""
import importlib.util
import pathlib
import tempfile
import unittest

if any(importlib.util.find_spec(name) is None for name in ("torch", "torchvision", "onnxscript")):
    raise unittest.SkipTest("needs torch, torchvision and onnxscript")

import torchvision_models  # noqa: E402
import torchvision_network  # noqa: E402


# Operators without a row that shapes and masks are computed with.
OPAQUE = {"swin": {"Mod", "Not", "Range", "ScatterND"}, "vit": {"Mod"}, "convnext": set()}


class Networks(unittest.TestCase):
    def check(self, made, name, exporters, size=64, opaque=frozenset(), **options):
        lines = []
        for exporter in exporters:
            with self.subTest(name=name, exporter=exporter), tempfile.TemporaryDirectory() as folder:
                line = torchvision_models.check(made, name, exporter, pathlib.Path(folder), size, **options)
                self.assertTrue(line.is_good(), str(line))
                self.assertLessEqual(set(line.opaque), set(opaque), str(line))
                lines.append(line)
        return lines

    def test_mobilenet(self):
        made = torchvision_network.network("mobilenet_v3_small")
        self.check(made, "mobilenet_v3_small", torchvision_network.EXPORTERS)

    def test_shufflenet(self):
        made = torchvision_network.network("shufflenet_v2_x0_5")
        plain, kept = self.check(made, "shufflenet_v2_x0_5", ["torchscript", "torchscript_bn"])
        # What computes constants only is gone.
        self.assertLess(plain.nodes_out, plain.nodes_in)
        self.assertLess(kept.nodes_out, kept.nodes_in)

    def test_squeezenet_with_a_free_batch(self):
        made = torchvision_network.network("squeezenet1_1")
        self.check(made, "squeezenet1_1", ["torchscript"], dynamic_axes={"x": {0: "N"}})

    def test_transformers(self):
        for name in ("vit", "swin", "convnext"):
            made = torchvision_network.small_transformer(name)
            exporters = ["torchscript", "dynamo"] if name == "vit" else ["torchscript"]
            self.check(made, name, exporters, 32, OPAQUE[name])

    def test_transformers_of_old_opsets(self):
        """LayerNormalization, HardSwish and Gelu come in pieces."""
        for name, opset in (("vit", 14), ("swin", 12), ("convnext", 11)):
            made = torchvision_network.small_transformer(name)
            self.check(made, name, ["torchscript"], 32, OPAQUE[name],
                       opset_version=opset)


if __name__ == "__main__":
    unittest.main()
