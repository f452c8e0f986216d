#!/usr/bin/env python3
"""No file names a registry host or a folder of one machine; no file name says nothing; the root holds
what belongs there."""
import pathlib
import re
import subprocess
import sys

TOPS = ["ir", "passes", "frontends", "backends", "tools", "test", "docs", ".ci"]
AT_ROOT = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", ".gitignore",
           ".clang-format", ".clang-tidy"}
FORBIDDEN = {  # written so that this file does not match itself
    r"pypi\.[o]rg|pythonhosted\.[o]rg|download\.pytorch\.[o]rg": "names a registry host",
    r"[d]eb\.debian\.org|[s]napshot\.debian\.org|registry\.npmjs\.[o]rg": "names a registry host",
    r"(?<![\w.$}])/wor[k]/|(?<![\w.$}])/hom[e]/\w|(?<![\w.$}])/roo[t]/": "names a folder of one machine",
}
BANNED_STEMS = {"util", "utils", "helper", "helpers", "common", "misc", "stuff"}
TEXT = {".cpp", ".h", ".cu", ".def", ".py", ".txt", ".cmake", ".md", ".rir", ".rules", ".toml",
        ".test", ".json", ".in", ".cfg", ".sh", ""}


def tracked_tops(root):
    """First parts of the tracked paths; none outside of a checkout."""
    done = subprocess.run(["git", "-C", root, "ls-files", "-z"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return {path.split("/")[0] for path in done.stdout.split("\0") if path}


def problems(root):
    for top in sorted(tracked_tops(root) - set(TOPS) - AT_ROOT):
        yield f"{top}: does not belong at the root"
    files = [root / name for name in AT_ROOT]
    files += [f for top in TOPS for f in (root / top).rglob("*") if "__pycache__" not in f.parts]
    for file in sorted(f for f in files if f.is_file()):
        path = file.relative_to(root)
        if file.stem.lower() in BANNED_STEMS:
            yield f"{path}: name a file after its subject"
        if file.suffix not in TEXT:
            continue
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            for pattern, what in FORBIDDEN.items():
                if re.search(pattern, line):
                    yield f"{path}:{number}: {what}"


found = list(problems(pathlib.Path(sys.argv[1])))
print("\n".join(found))
sys.exit(bool(found))
