"""The exported INT8 model in ONNX Runtime against the FP32 original and against what rcc reports."""
import json
import pathlib
import subprocess
import tempfile
import unittest

import numpy

import quantized_weights
import shared_data

RECIPE = shared_data.ROOT / "docs" / "recipes" / "int8.toml"


class Int8Accuracy(unittest.TestCase):
    def setUp(self):
        if not (shared_data.BIN.parent / "lib" / "librcc_torch.so").exists():
            self.skipTest("this build has no torch module")
        self.model = shared_data.model("resnet18_cifar10_83.onnx")
        self.data = shared_data.cifar10()

    def test_top1_is_kept_and_reported(self):
        with tempfile.TemporaryDirectory() as folder:
            out, report = pathlib.Path(folder) / "int8.onnx", pathlib.Path(folder) / "report.json"
            done = subprocess.run(
                [shared_data.BIN / "rcc", "--recipe", RECIPE, self.model, "-o", out, "--report", report,
                 "--no-cache", "--set", f"data.train=images:{self.data}/train",
                 "--set", f"data.eval=images:{self.data}/test"], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            batch, labels = shared_data.images("test")
            before = shared_data.onnxruntime_outputs(self.model, batch).argmax(1)
            after = shared_data.onnxruntime_outputs(out, batch).argmax(1)
            top1_before, top1_after = numpy.mean(before == labels), numpy.mean(after == labels)
            claimed = json.loads(report.read_text())["after"]["top1"]["value"]
            self.assertLess(abs(top1_after - top1_before), 0.003)
            self.assertLess(abs(top1_after - claimed), 0.003)
            sums = quantized_weights.largest_pair_sums(out)
            self.assertEqual(len(sums), 21)
            self.assertLessEqual(max(sums.values()), 128)


if __name__ == "__main__":
    unittest.main()
