#!/usr/bin/env python3
"""Files stay small enough to read. EXCEPTIONS holds ceilings that may only go down."""
import pathlib
import sys

TOPS = ["ir", "passes", "frontends", "backends", "tools", "test"]
LIMITS = {".cpp": 500, ".h": 500, ".cu": 500, ".def": 500, ".py": 500}
PASS_LIMIT = 300
FRAMEWORK = {"rules", "validation"}
CMAKE_LIMIT = 60
EXCEPTIONS = {}  # path: ceiling


def limit(path):
    parts = path.parts
    if path.as_posix() in EXCEPTIONS:
        return EXCEPTIONS[path.as_posix()]
    if path.name == "CMakeLists.txt":
        return CMAKE_LIMIT
    if parts[0] == "passes" and len(parts) == 3 and parts[1] not in FRAMEWORK:
        return PASS_LIMIT
    return LIMITS.get(path.suffix)


def problems(root):
    files = [root / "CMakeLists.txt"] + [f for top in TOPS for f in (root / top).rglob("*")]
    for file in sorted(f for f in files if f.is_file()):
        path = file.relative_to(root)
        most = limit(path)
        if most is None:
            continue
        lines = len(file.read_text(encoding="utf-8").splitlines())
        if lines > most:
            yield f"{path}: {lines} lines, at most {most}"
    for path in EXCEPTIONS:
        if not (root / path).is_file():
            yield f"{path}: is gone; drop its exception"


found = list(problems(pathlib.Path(sys.argv[1])))
print("\n".join(found))
sys.exit(bool(found))
