#!/usr/bin/env python3
"""Rewrite the CHECK lines of lit tests from what the programs write now.

    tools/update_checks.py [--build build/core] FILE...

The RUN lines are run by lit, with the configuration of the build for a test below test/lit, or else
that of the test's own folder. A test that fails for another reason than its CHECK lines is left as it
is, with an error. CHECK lines that hold stay, so a second run changes nothing; a block that does not
hold (a CHECK-LABEL with the lines after it, or the lines of a prefix without labels) is written anew,
one CHECK-NEXT for each line of output. Comments, CHECK-LABEL and CHECK-NOT lines stay where they are.
A graph without any CHECK lines gets a block.

This writes down what happens, not what should happen: read every line before you commit it, and
delete those that do not matter to the claim of the test.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
OPTIONS = {"FILECHECK_OPTS": "--enable-var-scope --allow-unused-prefixes=false"}
RECORDER = """#!{python}
import json, pathlib, sys
records = pathlib.Path({records!r})
source = next((a.split("=", 1)[1] for a in sys.argv if a.startswith("--input-file=")), None)
text = open(source).read() if source else sys.stdin.read()
number = len(list(records.iterdir()))
(records / f"{{number:04}}.json").write_text(json.dumps({{"arguments": sys.argv[1:], "text": text}}))
"""


class Refused(Exception):
    """Why a file is left as it is."""


class Check:
    """One call of FileCheck in a test: its prefix, its options and what it read."""

    def __init__(self, arguments, text):
        self.text = text
        prefixes = [a.split("=", 1)[1].split(",") for a in arguments
                    if a.startswith(("--check-prefix=", "--check-prefixes="))]
        self.prefixes = [p for group in prefixes for p in group] or ["CHECK"]
        self.options = [a for a in arguments if a.startswith("--") and not a.startswith("--input-file")]
        self.is_strict = "--strict-whitespace" in arguments

    @property
    def prefix(self):
        return self.prefixes[0]

    def directive(self, line):
        """What a line is to this check: "", "NEXT", "LABEL", ...; None when it is no CHECK line."""
        match = re.search(rf"(?<![\w-]){re.escape(self.prefix)}(?:-([A-Z]+(?:-\d+)?))?:", line)
        return None if match is None else match[1] or ""

    def holds(self, checks, text, filecheck):
        with tempfile.NamedTemporaryFile("w", suffix=".check") as file:
            file.write("\n".join(checks) + "\n")
            file.flush()
            done = subprocess.run([filecheck, file.name, *self.options], input=text, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  env={**os.environ, **OPTIONS})
        return done.returncode == 0


def escaped(text, folder):
    """Text as a pattern of FileCheck; a folder of this machine stands for any."""
    text = text.replace("{{", "\0").replace("[[", "\1").replace(str(folder), "\2")
    return text.replace("\0", "{{[{][{]}}").replace("\1", "{{[[][[]}}").replace("\2", "{{.*}}")


def check_lines(lines, check, lead, folder, has_label):
    """One line of output, one CHECK line; what closes a graph says nothing at the end."""
    while lines and lines[-1].strip() in {"", "}"}:
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    made = []
    for line in lines:
        kind = "-NEXT" if made or has_label else ""
        if not line.strip():
            made.append(f"{lead}{check.prefix}-EMPTY:")
            continue
        if check.is_strict:
            made.append(f"{lead}{' ' * (5 - len(kind))}{check.prefix}{kind}:{escaped(line, folder)}")
        else:
            head = f"{lead}{check.prefix}{kind}:".ljust(len(lead) + len(check.prefix) + 7)
            made.append(f"{head} {escaped(line, folder)}".rstrip())
    return made


class Block:
    """CHECK lines that belong together: numbers of the lines, and the output they are about."""

    def __init__(self, label, numbers, output):
        self.label, self.numbers, self.output = label, numbers, output


def label_text(line):
    return re.split(r"-LABEL:\s*", line, maxsplit=1)[1].strip()


def find_label(pattern, lines, start):
    """The line of output that a CHECK-LABEL means, told by the part before any variable part."""
    fixed = re.split(r"\{\{|\[\[", pattern)[0].strip()
    for number in range(start, len(lines)):
        if fixed in lines[number]:
            return number
    raise Refused(f"the output has no line with `{fixed}`, which a CHECK-LABEL names")


def blocks_of(lines, check):
    """The blocks of one check, with the part of the output that is theirs."""
    output = check.text.splitlines()
    own = [n for n, line in enumerate(lines) if check.directive(line) is not None
           and not re.search(r"RUN:", line)]
    labels = [n for n in own if check.directive(lines[n]) == "LABEL"]
    if not labels:
        return [Block(None, own, output)]
    places, start = [], 0
    for label in labels:
        places.append(find_label(label_text(lines[label]), output, start))
        start = places[-1] + 1
    blocks = []
    for i, label in enumerate(labels):
        end = labels[i + 1] if i + 1 < len(labels) else len(lines)
        last = places[i + 1] if i + 1 < len(places) else len(output)
        blocks.append(Block(label, [n for n in own if label < n < end],
                            output[places[i]:last]))
    return blocks


def lead_of(lines, numbers):
    """What stands before CHECK: a comment marker, or nothing in a file of prose."""
    for number in numbers:
        match = re.match(r"\s*(//|#)\s*", lines[number])
        return match[0] if match else ""
    return "// " if any(line.startswith("//") for line in lines) else ""


def rewrite_block(lines, check, block, folder):
    """Replaces the lines of a block; comments and CHECK-NOT lines keep their places."""
    with_label = block.label is not None
    lead = lead_of(lines, block.numbers or ([block.label] if with_label else []))
    made = check_lines(block.output[1:] if with_label else list(block.output), check, lead, folder,
                       with_label)
    replaced = [n for n in block.numbers if check.directive(lines[n]) != "NOT"]
    if replaced:
        at = replaced[0]
    else:
        at = block.label + 1 if with_label else len(lines)
    for number in reversed(replaced):
        del lines[number]
    lines[at:at] = made


def has_checks_above(lines, number, checks):
    """Whether the comment above a graph has CHECK lines of any prefix."""
    while number > 0 and lines[number - 1].startswith("//"):
        number -= 1
        if any(check.directive(lines[number]) is not None for check in checks):
            return True
    return False


def missing_graphs(lines, check, checks):
    """Gives graphs a label: all when the prefix has no lines yet, else those without any checks."""
    own = [line for line in lines if check.directive(line) is not None and "RUN:" not in line]
    if own and not any(check.directive(line) == "LABEL" for line in own):
        return
    written = set(re.findall(r"^graph (@[\w.]+)", check.text, re.M))
    for number in range(len(lines) - 1, -1, -1):
        match = re.match(r"graph (@[\w.]+)", lines[number])
        if match is None or match[1] not in written:
            continue
        if own and has_checks_above(lines, number, checks):
            continue
        label = [f"// {check.prefix}-LABEL: graph {match[1]}("]
        if number > 0 and lines[number - 1].startswith("//") and "RUN:" not in lines[number - 1]:
            label.insert(0, "//")
        lines[number:number] = label


def update_text(text, checks, filecheck, folder):
    lines = text.splitlines()
    for check in checks:
        missing_graphs(lines, check, checks)
        # Back to front: a rewritten block does not move those before it.
        for block in reversed(blocks_of(lines, check)):
            label = [] if block.label is None else [lines[block.label]]
            current = label + [lines[n] for n in block.numbers]
            is_empty = not block.numbers
            if not is_empty and check.holds(current, "\n".join(block.output) + "\n", filecheck):
                continue
            rewrite_block(lines, check, block, folder)
    return "\n".join(lines) + "\n"


class Updater:
    def __init__(self, build, parameters):
        self.build = build
        self.parameters = [f"--param={parameter}" for parameter in parameters]
        site = (build / "lit" / "lit.site.cfg.py").read_text()
        self.filecheck = pathlib.Path(re.search(r'config.llvm_tools = "(.*)"', site)[1]) / "FileCheck"
        self.lit = ROOT / "build" / "venv" / "bin" / "lit"

    def record(self, file):
        """Runs the test with a FileCheck that only writes down what it reads."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            records = folder / "records"
            records.mkdir()
            recorder = folder / "FileCheck"
            recorder.write_text(RECORDER.format(python=sys.executable, records=str(records)))
            recorder.chmod(0o755)
            done = self.run_lit(file, folder)
            if done.returncode:
                raise Refused("a RUN line fails before its CHECK lines are looked at\n"
                              + done.stdout.rstrip())
            found = [json.loads(path.read_text()) for path in sorted(records.iterdir())]
        if not found:
            raise Refused("no RUN line reads CHECK lines: end one with `| FileCheck %s`")
        return [Check(record["arguments"], record["text"]) for record in found]

    def run_lit(self, file, first=None):
        """lit on that test; a program in the folder `first` comes before any other of its name."""
        file, tests = file.resolve(), ROOT / "test" / "lit"
        if file.is_relative_to(tests):
            file = self.build / "lit" / file.relative_to(tests)
        path = [str(first)] if first else []
        path += [str(self.build / "bin"), str(self.filecheck.parent), os.environ["PATH"]]
        options = [*self.parameters, *([f"--param=path_first={first}"] if first else [])]
        return subprocess.run([self.lit, "-v", *options, file], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT,
                              env={**os.environ, "PATH": os.pathsep.join(path)})

    def update(self, file):
        """True when the file changed."""
        before = file.read_text(encoding="utf-8")
        checks = self.record(file)
        text = update_text(before, checks, self.filecheck, file.resolve().parent)
        if text == before:
            return False
        file.write_text(text, encoding="utf-8")
        done = self.run_lit(file)
        if done.returncode:
            file.write_text(before, encoding="utf-8")
            raise Refused("its output changes from run to run, or several checks share a prefix\n"
                          + done.stdout.rstrip())
        return True


def main():
    builds = [ROOT / "build" / name for name in ("release", "core", "dev")]
    build = next((b for b in builds if (b / "lit" / "lit.site.cfg.py").is_file()), builds[0])
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=build, help="the build to run")
    parser.add_argument("--param", action="append", default=[], help="NAME=VALUE, handed to lit")
    parser.add_argument("file", nargs="+", type=pathlib.Path, help="lit tests")
    options = parser.parse_args()
    updater = Updater(options.build.resolve(), options.param)
    failed = False
    for file in options.file:
        try:
            print(f"{file}: {'updated; read it' if updater.update(file) else 'holds'}")
        except (Refused, OSError) as reason:
            print(f"{file}: error: {reason}", file=sys.stderr)
            failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
