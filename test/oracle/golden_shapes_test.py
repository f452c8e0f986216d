"""Parameters and MACs of ResNet18 after channel removal, against figures computed by hand.

All 12 groups are the 8 inner ones (a block's first convolution) and the 4 residual widths.
"""
import json
import pathlib
import subprocess
import tempfile
import unittest

import shared_data

INNER = 'layers=["/layer?/layer?.?/conv1/Conv"]'
IMAGENET = {
    "round_to=1,ratio=0": (11_689_512, 1_814_073_344),
    "round_to=1,ratio=0.25": (6_675_352, 1_042_639_872),
    "round_to=1,ratio=0.5": (3_055_880, 483_149_824),
    f"round_to=1,ratio=0.3,{INNER}": (8_380_384, 1_302_880_256),
    f"round_to=1,ratio=0.4,{INNER}": (7_281_568, 1_137_036_032),
    f"round_to=1,ratio=0.5,{INNER}": (6_194_856, 975_933_440),
    f"round_to=1,ratio=0.6,{INNER}": (5_077_600, 802_073_600),
    "round_to=8,ratio=0.3": (5_623_488, 834_829_056),
}
CIFAR = {
    "round_to=1,ratio=0": (11_173_962, 555_422_720),
    "round_to=1,ratio=0.5": (2_797_610, 139_299_328),
    f"round_to=1,ratio=0.5,{INNER}": (5_679_306, 281_744_384),
}
# The largest keep-share in steps of one channel of the widest group that fits the budget.
BUDGETS = {
    "round_to=8,macs=50%": ("macs", 0.5, 1_814_073_344),
    "round_to=1,macs=25%": ("macs", 0.25, 1_814_073_344),
    "round_to=8,params=30%": ("params", 0.3, 11_689_512),
}


def cost(model):
    done = subprocess.run([shared_data.BIN / "rcc", "inspect", model, "--format=json"], check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


class GoldenShapes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.imagenet = cls.zoo("imagenet", "3x224x224", "1000")
        cls.cifar = cls.zoo("cifar", "3x32x32", "10")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def zoo(cls, stem, size, classes):
        path = cls.folder / f"{stem}.onnx"
        subprocess.run([shared_data.BIN / "rcc", "zoo", "resnet18", "--input", size, "--classes", classes,
                        "--stem", stem, "--seed", "0", "-o", path], check=True, capture_output=True)
        return path

    def pruned(self, model, options):
        out = self.folder / "out.onnx"
        subprocess.run([shared_data.BIN / "rcc-opt", model, f"--passes=remove_channels{{{options}}}",
                        "--verify=structural", "-o", out], check=True, capture_output=True)
        return cost(out)

    def check(self, model, rows):
        for options, (params, macs) in rows.items():
            with self.subTest(options):
                seen = self.pruned(model, options)
                self.assertEqual((seen["params"], seen["macs"]), (params, macs))

    def test_imagenet_stem(self):
        self.check(self.imagenet, IMAGENET)

    def test_cifar_stem(self):
        self.check(self.cifar, CIFAR)

    def test_budgets_are_used_up_but_not_exceeded(self):
        for options, (what, share, total) in BUDGETS.items():
            with self.subTest(options):
                seen = self.pruned(self.imagenet, options)[what] / total
                self.assertLessEqual(seen, share)
                self.assertGreater(seen, share - 0.05)


if __name__ == "__main__":
    unittest.main()
