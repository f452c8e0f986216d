"""Write IDX files of gray 4x4 images in two classes, light above and light below: make_idx.py FOLDER."""
import pathlib
import random
import struct
import sys

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for split, count in (("train", 128), ("eval", 64)):
    draw = random.Random(split)
    labels = bytes(i % 2 for i in range(count))
    images = b"".join(
        bytes(draw.randrange(150, 256) if (row < 2) != bool(label) else draw.randrange(100)
              for row in range(4) for _ in range(4)) for label in labels)
    (folder / f"{split}-images").write_bytes(struct.pack(">4i", 0x803, count, 4, 4) + images)
    (folder / f"{split}-labels").write_bytes(struct.pack(">2i", 0x801, count) + labels)
