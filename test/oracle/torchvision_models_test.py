#!/usr/bin/env python3
"""A few networks of torchvision, small ones, come through rcc and compute the same.

test/oracle/torchvision_models.py does it with all of them.
"""
import importlib.util
import pathlib
import re
import tempfile
import tomllib
import unittest

if any(importlib.util.find_spec(name) is None for name in ("torch", "torchvision", "onnxscript")):
    raise unittest.SkipTest("needs torch, torchvision and onnxscript")

import torchvision_models  # noqa: E402
import torchvision_network  # noqa: E402


# Operators without a row that shapes and masks are computed with.
OPAQUE = {"swin": {"Mod", "Not", "Range", "ScatterND"}, "vit": {"Mod"}, "convnext": set()}


RECIPE = torchvision_models.ROOT / "docs" / "recipes" / "canonicalize.toml"
CANONICAL = ",".join(entry["name"] for entry in tomllib.loads(RECIPE.read_text())["pass"])


class Networks(unittest.TestCase):
    def check(self, made, name, exporters, size=64, opaque=frozenset(), is_lossy=False, **options):
        lines = []
        for exporter in exporters:
            with self.subTest(name=name, exporter=exporter), tempfile.TemporaryDirectory() as folder:
                line = torchvision_models.check(made, name, exporter, pathlib.Path(folder), size, **options)
                self.assertTrue(line.is_good(is_lossy), str(line))
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

    def test_canonical_forms(self):
        """With every pass of the recipe, checked by running both sides of each rewrite."""
        made = torchvision_network.network("mobilenet_v3_small")
        kept, folded = self.check(made, "mobilenet_v3_small", ["torchscript_bn", "dynamo"], passes=CANONICAL)
        self.assertEqual(kept.nodes_out, folded.nodes_out)
        self.assertNotIn("not checked", kept.remarks + folded.remarks)

    def test_channels_removed(self):
        """A quarter of every group; rcc compares the cut graph with the masked one."""
        for name in ("mobilenet_v3_small", "shufflenet_v2_x0_5"):
            made = torchvision_network.network(name)
            line, = self.check(made, name, ["torchscript_bn"], is_lossy=True,
                               passes="fold_constants,remove_channels{ratio=0.25}")
            removed, channels, groups = map(int, re.search(
                r"remove_channels: (\d+) of (\d+) channels in (\d+) of", line.remarks).groups())
            self.assertGreater(removed, 0.1 * channels)
            self.assertGreater(groups, 10)
            self.assertNotIn("not checked", line.remarks)
            # A shuffle of channels ties each to a place.
            self.assertEqual("(reshape) needs axis" in line.remarks, name == "shufflenet_v2_x0_5")

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
