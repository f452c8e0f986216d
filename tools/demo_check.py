#!/usr/bin/env python3
"""Hold an exported model to ONNX's checker and ONNX Runtime.

    tools/demo_check.py BEFORE.onnx AFTER.onnx REPORT.json

Both models run in ONNX Runtime on the images of the report's evaluation split, decoded and normalised
here, independently of rcc; the top-1 must agree with what the report claims.
"""
import json
import pathlib
import struct
import sys

import numpy
import onnx
import onnxruntime
from PIL import Image


def read_idx(path):
    data = path.read_bytes()
    rank = data[3]
    sizes = struct.unpack(f">{rank}I", data[4:4 + 4 * rank])
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(sizes)


def load(source):
    """uint8 pixels as PIL images, and labels."""
    kind, _, rest = source.partition(":")
    if kind == "idx":
        images, labels = (read_idx(pathlib.Path(part)) for part in rest.split(","))
        return [Image.fromarray(image) for image in images], labels
    if kind == "images":
        pictures, labels = [], []
        for label, folder in enumerate(sorted(p for p in pathlib.Path(rest).iterdir() if p.is_dir())):
            for file in sorted(folder.iterdir()):
                pictures.append(Image.open(file))
                labels.append(label)
        return pictures, numpy.array(labels)
    sys.exit(f"demo_check: no reader for {source}")


def batch_of(pictures, data):
    mode = "RGB" if data["channels"] == "rgb" else "L"
    arrays = []
    for picture in pictures:
        picture = picture.convert(mode)
        if data["resize"]:
            picture = picture.resize(tuple(data["resize"][::-1]), Image.Resampling.BILINEAR)
        array = numpy.asarray(picture, numpy.float32) / numpy.float32(255)
        array = array[..., None] if array.ndim == 2 else array
        arrays.append((array - numpy.float32(data["mean"])) / numpy.float32(data["std"]))
    return numpy.ascontiguousarray(numpy.stack(arrays).transpose(0, 3, 1, 2))


def top1(path, batch, labels):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    answers = [session.run(None, {name: batch[i:i + 100]})[0].argmax(1)
               for i in range(0, len(batch), 100)]
    return float(numpy.mean(numpy.concatenate(answers) == labels))


def main(before, after, report):
    report = json.loads(pathlib.Path(report).read_text())
    onnx.checker.check_model(onnx.load(after), full_check=True)
    pictures, labels = load(report["data"]["eval"])
    batch = batch_of(pictures, report["data"])
    measured_before, measured_after = top1(before, batch, labels), top1(after, batch, labels)
    claimed = report["after"]["top1"]
    print(f"ONNX Runtime {onnxruntime.__version__} on {len(labels)} images: "
          f"top-1 {100 * measured_before:.2f} % before, {100 * measured_after:.2f} % after "
          f"(rcc reports {100 * claimed:.2f} %); ONNX's checker accepts the file")
    if abs(measured_after - claimed) > 0.003 + 1 / len(labels):
        sys.exit("demo_check: ONNX Runtime disagrees with the report")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
