#!/usr/bin/env python3
"""Count what parsing, verifying, printing and rewriting a graph cost, beside mlir-opt 14.

    build/venv/bin/python test/bench/framework_cost.py [--preset core] [--nodes 10000 100000] [--most 1.1]

Instructions an operation, counted by callgrind, so that the numbers do not depend on what else the
machine does. test/bench/resnet_mix.py describes the network and why both sides do the same work.

    parse      text to graph: types, use lists, names and locations
    verify     the whole graph, once
    print      graph to text, with locations
    walk       a pass of rewrites that finds nothing to do
    rewrite    what that pass costs more for each match, where one in ten operators matches: the match, the
               new node, the uses that move, the nodes that go
    import     ONNX to verified graph; rcc only

"growth" is the exponent of the phase between the two sizes; 1 is linear. Fails when one of rcc's is
above --most or a phase takes more instructions than mlir-opt's. It takes ten minutes. Seconds and bytes are of fresh processes
without callgrind, medians of interleaved rounds.
"""
import argparse
import concurrent.futures
import math
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

from callgrind import calls_of, profile
from measured_process import features, measure
from resnet_mix import OPERATORS_A_BLOCK, RULES, mlir, onnx_model, rir

ROOT = pathlib.Path(__file__).resolve().parents[2]
MLIR_OPT = "mlir-opt-14"
MLIR_FLAGS = ["--allow-unregistered-dialect", "--mlir-print-debuginfo"]
OFF = "--verify-each=false"
PHASES = ("parse", "verify", "print", "walk", "rewrite")


class Network:
    """The files of the network with so many nodes."""
    def __init__(self, folder, nodes):
        self.folder, self.nodes, self.blocks = folder, nodes, max(1, nodes // OPERATORS_A_BLOCK)
        self.rir = self.write(".rir", rir(self.blocks))
        text = mlir(self.blocks)
        self.mlir = self.write(".mlir", text)
        # symbol-dce erases a private function.
        self.private_mlir = self.write("private.mlir", text.replace("func @", "func private @", 1))

    def write(self, suffix, text):
        path = self.folder / f"resnet{self.nodes}{suffix}"
        path.write_text(text)
        return path

    def output(self, name):
        return self.folder / f"{name}{self.nodes}.rir"


def check_rewrites(network, output):
    left = len(re.findall(r"= (?:\"tosa\.)?reshape", output.read_text()))
    if left != network.blocks:
        raise RuntimeError(f"{left} reshapes are left of {2 * network.blocks}")


def rcc_command(rcc_opt, network, passes, output):
    rules = [f"--rules={network.folder / 'merge_reshapes.rules'}",
             f"--passes={','.join(['merge_reshapes'] * passes)}"]
    return [rcc_opt, network.rir, *(rules if passes else []), "-o", network.output(output)]


def mlir_command(network, output, *flags, text=None):
    return [MLIR_OPT, text or network.mlir, *MLIR_FLAGS, *flags, "-o", network.output(output)]


def rcc_costs(rcc_opt, network, pool):
    """Inclusive costs of the functions that the phases are."""
    runs = [pool.submit(profile, rcc_command(rcc_opt, network, passes, f"rcc{passes}"))
            for passes in (0, 1, 2)]
    phases, once, twice = (run.result()[1] for run in runs)
    check_rewrites(network, network.output("rcc1"))
    first = calls_of(once, "rcc::RuleRun::run(")
    walk = calls_of(twice, "rcc::RuleRun::run(") - first
    return {"parse": calls_of(phases, "rcc::parse(") / network.nodes,
            "verify": calls_of(phases, "rcc::verify(") / network.nodes,
            "print": calls_of(phases, "rcc::print[abi:cxx11](rcc::Graph const&") / network.nodes,
            "walk": walk / (network.nodes - network.blocks),
            "rewrite": (first - walk) / network.blocks}


def mlir_costs(network, small, pool):
    """Differences between whole processes, because the program has no symbols. It always parses with one
    verification, and prints unless the only function is erased first."""
    commands = {
        "start": mlir_command(small, "start"),
        "plain": mlir_command(network, "plain"),
        "erased": mlir_command(network, "erased", "--symbol-dce", OFF, text=network.private_mlir),
        "unverified": mlir_command(network, "unverified", "--symbol-dce", OFF),
        "verified": mlir_command(network, "verified", "--symbol-dce")}
    runs = {name: pool.submit(profile, command) for name, command in commands.items()}
    total = {name: run.result()[0] for name, run in runs.items()}
    printing = total["plain"] - total["erased"]
    verifying = total["verified"] - total["unverified"]
    return {"parse": (total["plain"] - total["start"] - printing - verifying) / network.nodes,
            "verify": verifying / network.nodes,
            "print": printing / network.nodes,
            **mlir_pass_costs(network, printing / network.nodes, pool)}


def mlir_pass_costs(network, printing, pool):
    """Medians over networks of nearly the same size: the counts depend on how addresses fall into hash
    tables, by more than a rewrite costs."""
    networks = [Network(network.folder, network.nodes + network.nodes * percent // 100)
                for percent in (-2, -1, 0, 1, 2)]
    flags = {"plain": [], "once": ["--canonicalize"], "twice": ["--canonicalize", "--canonicalize"]}
    runs = [{name: pool.submit(profile, mlir_command(each, name, *flag, OFF))
             for name, flag in flags.items()} for each in networks]
    walks, rewrites = [], []
    for each, run in zip(networks, runs):
        plain, once, twice = (run[name].result()[0] for name in flags)
        check_rewrites(each, each.output("once"))
        # A rewritten graph has fewer operators to print.
        first = once - plain + printing * each.blocks
        walks.append((twice - once) / (each.nodes - each.blocks))
        rewrites.append((first - (twice - once)) / each.blocks)
    return {"walk": statistics.median(walks), "rewrite": statistics.median(rewrites)}


def import_cost(rcc_opt, network):
    path = network.write(".onnx", "")
    path.write_bytes(onnx_model(network.blocks))
    _, costs = profile([rcc_opt, path, "-o", network.output("import")])
    return calls_of(costs, "rcc::import_onnx(") / network.nodes


def growth(costs, sizes):
    return 1 + math.log(costs[1] / costs[0]) / math.log(sizes[1] / sizes[0])


def print_costs(own, other, imports, sizes, most):
    """Whether rcc is ahead everywhere and linear."""
    print(f"{'instructions':16}{'nodes':>10}{'rcc':>10}{'mlir-opt':>10}{'ratio':>8}"
          f"{'rcc growth':>12}{'mlir-opt':>10}")
    is_good = True
    for phase in PHASES:
        rcc, mlir_opt = ([costs[phase] for costs in side] for side in (own, other))
        for i, nodes in enumerate(sizes):
            line = f"{phase:16}{nodes:>10,}{rcc[i]:>10,.0f}{mlir_opt[i]:>10,.0f}{mlir_opt[i] / rcc[i]:>8.1f}"
            if i == 1:
                line += f"{growth(rcc, sizes):>12.3f}{growth(mlir_opt, sizes):>10.3f}"
            print(line)
            is_good &= rcc[i] < mlir_opt[i]
        is_good &= growth(rcc, sizes) <= most
    for nodes, cost in zip(sizes, imports):
        print(f"{'import':16}{nodes:>10,}{cost:>10,.0f}"
              + (f"{growth(imports, sizes):>30.3f}" if nodes == sizes[1] else ""))
    return is_good and growth(imports, sizes) <= most


def print_processes(rcc_opt, network, small, rounds):
    """Both read, verify, rewrite and write; rcc --help and the smallest network show how long a start is."""
    commands = {}
    for size, net in (("big", network), ("small", small)):
        commands["rcc", size] = rcc_command(rcc_opt, net, 1, "time")
        commands["mlir", size] = mlir_command(net, "time", "--canonicalize")
    commands["rcc", "help"], commands["mlir", "help"] = [rcc_opt, "--help"], [MLIR_OPT, "--help"]
    runs = {key: [] for key in commands}
    for _ in range(rounds):
        for key, command in commands.items():
            runs[key].append(measure(command))

    def median(key, which):
        return statistics.median(run[which] for run in runs[key])

    def line(what, value, digits):
        own, other = value("rcc"), value("mlir")
        print(f"{what:26}{own:>10,.{digits}f}{other:>10,.{digits}f}{other / own:>8.1f}")
    print(f"\n{f'process, {rounds} rounds':26}{'rcc':>10}{'mlir-opt':>10}{'ratio':>8}")
    line(f"{network.nodes:,} nodes, seconds", lambda tool: median((tool, "big"), 0), 3)
    line("peak bytes a node", lambda tool: (median((tool, "big"), 1) - median((tool, "small"), 1))
         * 2**20 / network.nodes, 0)
    line("one block, milliseconds", lambda tool: median((tool, "small"), 0) * 1e3, 1)
    line("--help, milliseconds", lambda tool: median((tool, "help"), 0) * 1e3, 1)


def version(command):
    text = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
    return re.search(r"\d+\.\d+\.\d+", text)[0]


def check_tools():
    missing = [program for program in ("valgrind", MLIR_OPT) if shutil.which(program) is None]
    if missing:
        packages = [line.split()[0] for line in open(ROOT / "tools" / "packages-bench.txt")
                    if line[0] not in "#\n"]
        sys.exit(f"{' and '.join(missing)} not found; as root: apt-get install {' '.join(packages)}")


def main(options):
    check_tools()
    rcc_opt = ROOT / "build" / options.preset / "bin" / "rcc-opt"
    if not rcc_opt.exists():
        sys.exit(f"{rcc_opt.relative_to(ROOT)} is not built: cmake --preset {options.preset}; "
                 f"cmake --build --preset {options.preset}")
    sizes = options.nodes
    with tempfile.TemporaryDirectory() as name, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        folder = pathlib.Path(name)
        (folder / "merge_reshapes.rules").write_text(RULES)
        small = Network(folder, OPERATORS_A_BLOCK)
        networks = [Network(folder, nodes) for nodes in sizes]
        print(f"rcc-opt {version([rcc_opt])}, mlir-opt {version([MLIR_OPT])}, "
              f"valgrind {version(['valgrind'])}; processor: {features()}")
        own = [rcc_costs(rcc_opt, network, pool) for network in networks]
        other = [mlir_costs(network, small, pool) for network in networks]
        imports = list(pool.map(lambda network: import_cost(rcc_opt, network), networks))
        is_good = print_costs(own, other, imports, sizes, options.most)
        print_processes(rcc_opt, networks[1], small, options.rounds)
    return 0 if is_good else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="core")
    parser.add_argument("--nodes", type=int, nargs=2, default=[10_000, 100_000], metavar="N")
    parser.add_argument("--most", type=float, default=1.1, help="growth that is still linear")
    parser.add_argument("--rounds", type=int, default=5)
    sys.exit(main(parser.parse_args()))
