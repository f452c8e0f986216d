#!/usr/bin/env python3
"""Every pass has its lit test, with a graph that it must leave alone, and no test lacks its pass.

passes/<family>/<name>.{cpp,rules} is tested by test/lit/<family>/<name>.rir, which holds at least
two graphs: one that the pass changes and one that it must not change.
"""
import pathlib
import re
import sys

GRAPH = re.compile(r"^\s*graph @", re.M)
RUN = re.compile(r"RUN:.*")


def problems(root):
    families = [folder for folder in (root / "passes").iterdir()
                if folder.is_dir() and not (folder / "CMakeLists.txt").is_file()]
    for family in sorted(families):
        passes = sorted(f for f in family.iterdir() if f.suffix in {".cpp", ".rules"})
        for file in passes:
            test = root / "test" / "lit" / family.name / f"{file.stem}.rir"
            path = test.relative_to(root)
            if not test.is_file():
                yield f"{file.relative_to(root)}: its test {path} is missing"
                continue
            text = test.read_text(encoding="utf-8")
            if len(GRAPH.findall(text)) < 2:
                yield f"{path}: needs a second `graph @`, one that the pass must leave alone"
            if not any(file.stem in line for line in RUN.findall(text)):
                yield f"{path}: no RUN line names {file.stem}"


found = list(problems(pathlib.Path(sys.argv[1])))
print("\n".join(found))
sys.exit(bool(found))
