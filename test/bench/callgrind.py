"""Instructions counted by valgrind's callgrind."""
import collections
import pathlib
import re
import subprocess
import tempfile

NAMED = re.compile(r"\((\d+)\)(?: (.*))?")


def profile(command):
    """The instructions of the whole process, and of all calls of each function with what they call."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind.out"
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
                              *map(str, command)], capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(f"{' '.join(map(str, command))}\n{run.stderr[-2000:]}")
        return read_profile(out.read_text())


def read_profile(text):
    # A name is written once, with its number: "cfn=(12) name", later "cfn=(12)".
    names, called, costs, total = {}, None, collections.Counter(), 0
    lines = iter(text.splitlines())
    for line in lines:
        key, _, value = line.partition("=")
        if key in ("fn", "cfn"):
            number, name = NAMED.fullmatch(value).groups()
            names.setdefault(number, name)
            called = names[number]
        elif key == "calls":
            costs[called] += int(next(lines).split()[1])
        elif line.startswith(("summary:", "totals:")):
            total = int(line.split()[1])
    return total, costs


def calls_of(costs, prefix):
    """Instructions of all functions whose name begins so."""
    found = [cost for name, cost in costs.items() if name.startswith(prefix)]
    if not found:
        raise RuntimeError(f"no function `{prefix}` was called")
    return sum(found)
