#!/usr/bin/env python3
"""Public headers include public headers only, and each of them is there.

The list is in tools/cmake/PublicHeaders.cmake; passes/module_stamp.h is generated.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
GENERATED = {"passes/module_stamp.h"}


def problems(root):
    text = (root / "tools" / "cmake" / "PublicHeaders.cmake").read_text(encoding="utf-8")
    listed = re.search(r"set\(RCC_PUBLIC_HEADERS\n(.*?)\)", text, re.S)[1].split()
    if listed != sorted(listed):
        yield "tools/cmake/PublicHeaders.cmake: the list is not sorted"
    for header in listed:
        if not (root / header).is_file():
            yield f"tools/cmake/PublicHeaders.cmake: there is no {header}"
            continue
        for included in INCLUDE.findall((root / header).read_text(encoding="utf-8")):
            if included not in {*listed, *GENERATED}:
                yield (f"{header}: is public and includes {included}, which is not; list that in "
                       "tools/cmake/PublicHeaders.cmake or do without it")


found = list(problems(pathlib.Path(sys.argv[1])))
print("\n".join(found))
sys.exit(bool(found))
