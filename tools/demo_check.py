#!/usr/bin/env python3
"""Hold an exported model to ONNX's checker and ONNX Runtime.

    tools/demo_check.py BEFORE.onnx AFTER.onnx REPORT.json SOURCE SIZE MEAN STD

Both models run in ONNX Runtime on the images of SOURCE ("idx:IMAGES,LABELS", "images:FOLDER"), decoded,
resized to SIZE pixels (0: as they are) and normalised here, independently of rcc; the top-1 must agree
with what the report claims. MEAN and STD are three numbers with commas.
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


def batch_of(pictures, size, mean, std):
    arrays = []
    for picture in pictures:
        picture = picture.convert("RGB")
        if size:
            picture = picture.resize((size, size), Image.Resampling.BILINEAR)
        array = numpy.asarray(picture, numpy.float32) / numpy.float32(255)
        arrays.append((array - numpy.float32(mean)) / numpy.float32(std))
    return numpy.ascontiguousarray(numpy.stack(arrays).transpose(0, 3, 1, 2))


def top1(path, batch, labels):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    answers = [session.run(None, {name: batch[i:i + 100]})[0].argmax(1)
               for i in range(0, len(batch), 100)]
    return float(numpy.mean(numpy.concatenate(answers) == labels))


def main(before, after, report, source, size, mean, std):
    report = json.loads(pathlib.Path(report).read_text())
    onnx.checker.check_model(onnx.load(after), full_check=True)
    pictures, labels = load(source)
    batch = batch_of(pictures, int(size), *([float(x) for x in text.split(",")] for text in (mean, std)))
    measured_before, measured_after = top1(before, batch, labels), top1(after, batch, labels)
    claimed = report["after"]["top1"]["value"]
    print(f"ONNX Runtime {onnxruntime.__version__} on {len(labels)} images: "
          f"top-1 {100 * measured_before:.2f} % before, {100 * measured_after:.2f} % after "
          f"(rcc reports {100 * claimed:.2f} %); ONNX's checker accepts the file")
    if abs(measured_after - claimed) > 0.003 + 1 / len(labels):
        sys.exit("demo_check: ONNX Runtime disagrees with the report")


if __name__ == "__main__":
    if len(sys.argv) != 8:
        sys.exit(__doc__)
    main(*sys.argv[1:])
