"""Fresh processes and what they cost; the machine they ran on."""
import json
import os
import subprocess
import sys
import time


def measure(command):
    """Seconds and peak megabytes of a fresh process."""
    # A child begins with the peak of its parent, so a small process starts it.
    run = subprocess.run([sys.executable, "-S", __file__, *map(str, command)], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{command[0]} failed: {run.stderr[-2000:]}")
    return json.loads(run.stdout)


def measure_here(command):
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    print(json.dumps([seconds, usage.ru_maxrss / 1024]))
    return process.returncode


def features():
    flags = next(line for line in open("/proc/cpuinfo") if line.startswith("flags")).split()
    return " ".join(f for f in ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "avx512_bf16", "amx_int8")
                    if f in flags)


if __name__ == "__main__":
    sys.exit(measure_here(sys.argv[1:]))
