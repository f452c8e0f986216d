"""The torch evaluator and the interpreter against ONNX Runtime on imported models."""
import pathlib
import subprocess
import tempfile
import unittest

import numpy

import shared_data

# Two logits closer than this may be ordered either way by two correct float32 engines.
MARGIN = 1e-4


def torch_outputs(model, batch, folder):
    """What the torch module computes, in pieces of 500 images."""
    pieces = []
    for start in range(0, len(batch), 500):
        numpy.save(folder / "in.npy", batch[start:start + 500])
        done = subprocess.run([shared_data.BIN / "torch_probe", "run", model, f"in={folder}/in.npy",
                               f"out={folder}/out.npy", "threads=2"], capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        pieces.append(numpy.load(folder / "out.npy"))
    return numpy.concatenate(pieces)


def interpreter_outputs(model, batch, folder):
    numpy.save(folder / "input_0.npy", batch)
    done = subprocess.run([shared_data.BIN / "rcc-opt", model, "--run", "--run-inputs", folder,
                           "--run-outputs", folder], capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return numpy.load(folder / "output_0.npy")


class Evaluator(unittest.TestCase):
    def setUp(self):
        if not (shared_data.BIN / "torch_probe").exists():
            self.skipTest("this build has no torch module")

    def agree(self, name, split):
        model = shared_data.model(name)
        batch, _ = shared_data.images(split)
        wanted = shared_data.onnxruntime_outputs(model, batch)
        with tempfile.TemporaryDirectory() as folder:
            got = torch_outputs(model, batch, pathlib.Path(folder))
        best = numpy.sort(wanted, axis=1)
        is_clear = best[:, -1] - best[:, -2] > MARGIN
        is_equal = got.argmax(1) == wanted.argmax(1)
        difference = numpy.abs(got - wanted).max() / numpy.abs(wanted).max()
        print(f"{name}: {len(batch)} images, {int((~is_clear).sum())} within {MARGIN:g} of a tie; "
              f"argmax differs on {int((is_clear & ~is_equal).sum())} of the others; "
              f"largest difference {difference:.1e} of the largest logit")
        self.assertEqual(int((is_clear & ~is_equal).sum()), 0)
        self.assertLess(difference, 1e-5)
        self.assertLess(int((~is_clear).sum()), 10)

    def test_stem_of_imagenet_on_every_test_image(self):
        self.agree("resnet18_cifar10_83.onnx", "test")


class Untrained(unittest.TestCase):
    """A model that is not on the machine: made here, so that the comparison runs everywhere."""

    def test_interpreter_and_torch(self):
        random = numpy.random.default_rng(5)
        batch = random.standard_normal((3, 3, 32, 32)).astype(numpy.float32)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            model = folder / "model.onnx"
            subprocess.run([shared_data.BIN / "rcc", "zoo", "resnet18", "--input", "3x32x32", "--classes",
                            "7", "--seed", "3", "-o", model], check=True, capture_output=True)
            wanted = shared_data.onnxruntime_outputs(model, batch)
            answers = {"interpreter": interpreter_outputs(model, batch, folder)}
            if (shared_data.BIN / "torch_probe").exists():
                answers["torch"] = torch_outputs(model, batch, folder)
            for engine, got in answers.items():
                with self.subTest(engine):
                    self.assertEqual(got.shape, wanted.shape)
                    self.assertLess(numpy.abs(got - wanted).max() / numpy.abs(wanted).max(), 1e-5)
                    self.assertEqual(got.argmax(1).tolist(), wanted.argmax(1).tolist())


if __name__ == "__main__":
    unittest.main()
