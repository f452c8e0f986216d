#!/usr/bin/env python3
"""Make a small real data set: the handwritten digits that scikit-learn's wheel carries.

    tools/digits.py FOLDER

Downloads the pinned wheel without its dependencies, takes the table of 1,797 images of 8x8 pixels out
of it and writes train-images.idx, train-labels.idx, test-images.idx and test-labels.idx: every fifth
image is for testing. Pixels 0..16 become 0..255. Does nothing when the files are there.
"""
import gzip
import pathlib
import struct
import subprocess
import sys
import tempfile
import zipfile

WHEEL = "scikit-learn==1.9.1"
TABLE = "sklearn/datasets/data/digits.csv.gz"
SIZE = 8


def read_rows(folder):
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet",
               "--no-deps", "--only-binary=:all:", "--dest", folder, WHEEL]
    done = subprocess.run(command, text=True, stderr=subprocess.PIPE)
    wheels = sorted(pathlib.Path(folder).glob("*.whl"))
    if done.returncode != 0 or not wheels:
        sys.exit(f"tools/digits.py: could not download {WHEEL}; check that pip reaches its index\n"
                 f"{done.stderr.strip()}")
    with zipfile.ZipFile(wheels[0]) as wheel:
        table = gzip.decompress(wheel.read(TABLE)).decode()
    return [[int(float(cell)) for cell in line.split(",")] for line in table.splitlines()]


def write_split(folder, name, rows):
    images = bytes(min(255, round(cell * 255 / 16)) for row in rows for cell in row[:-1])
    labels = bytes(row[-1] for row in rows)
    # The IDX format: two zero bytes, the element type (8: unsigned byte), the rank, the sizes.
    (folder / f"{name}-images.idx").write_bytes(
        struct.pack(">4B3I", 0, 0, 8, 3, len(rows), SIZE, SIZE) + images)
    (folder / f"{name}-labels.idx").write_bytes(struct.pack(">4BI", 0, 0, 8, 1, len(rows)) + labels)


def main(folder):
    files = [folder / f"{split}-{what}.idx" for split in ("train", "test")
             for what in ("images", "labels")]
    if all(file.exists() for file in files):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        rows = read_rows(temporary)
    write_split(folder, "train", [row for i, row in enumerate(rows) if i % 5 != 0])
    write_split(folder, "test", rows[::5])
    print(f"wrote {len(rows)} digits to {folder}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
