"""Real images and trained models for the oracle tests, where the machine has them.

They lie in a folder `shared` beside the repository, or where $RCC_SHARED says. Tests that need them are
skipped elsewhere.
"""
import fcntl
import os
import pathlib
import subprocess
import unittest

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = pathlib.Path(os.environ.get("RCC_SHARED", ROOT.parent / "shared"))
BIN = pathlib.Path(os.environ.get("RCC_BIN", ROOT / "build" / "release" / "bin"))
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)


def model(name):
    path = SHARED / "models" / name
    if not path.exists():
        raise unittest.SkipTest(f"{name} is not on this machine")
    return path


def cifar10():
    """Folder with train/<class>/*.jpg and test/<class>/*.jpg, unpacked once."""
    archive = SHARED / "data" / "cifar10-jpeg.tar.xz"
    if not archive.exists():
        raise unittest.SkipTest("the CIFAR-10 images are not on this machine")
    folder = ROOT / "build" / "data" / "cifar10"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "unpacked").exists():
            subprocess.run(["tar", "-xJf", archive, "-C", folder], check=True)
            (folder / "unpacked").touch()
    return folder


def images(split, per_class=None):
    """float32 NCHW, normalised, and labels; classes and files in bytewise order."""
    from PIL import Image
    pixels, labels = [], []
    for label, folder in enumerate(sorted(p for p in (cifar10() / split).iterdir() if p.is_dir())):
        for file in sorted(folder.iterdir())[:per_class]:
            pixels.append(numpy.asarray(Image.open(file).convert("RGB")))
            labels.append(label)
    batch = numpy.stack(pixels).astype(numpy.float32) / numpy.float32(255)
    batch = (batch - numpy.float32(MEAN)) / numpy.float32(STD)
    return numpy.ascontiguousarray(batch.transpose(0, 3, 1, 2)), numpy.array(labels)


def onnxruntime_outputs(path, batch, size=100):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = os.cpu_count() or 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return numpy.concatenate([session.run(None, {name: batch[i:i + size]})[0]
                              for i in range(0, len(batch), size)])
