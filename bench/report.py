#!/usr/bin/env python3
"""`sg-audit report` against `gzip -dc` run two at a time over the same files, in one run.

Both are timed as whole processes, in turn (A B A B ...), and the ratio is taken pair by pair, so that a drift of the
machine's speed cancels out. Peak memory is the kernel's own figure for the largest process of each.
"""

import argparse
import glob
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def run(command, output):
    """Seconds of wall clock and peak memory in MB of one run."""
    started = time.perf_counter()
    with open(output, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return seconds, usage.ru_maxrss / 1024


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--bin", default="target/release", help="folder of the release binaries")
    options.add_argument("--records", type=int, default=4_000_000)
    options.add_argument("--files", type=int, default=16)
    options.add_argument("--fields", default="v2", help="v2, v5 or all")
    options.add_argument("--runs", type=int, default=7)
    options.add_argument("--data", default=os.path.join(HERE, "data"))
    given = options.parse_args()

    data = os.path.join(given.data, f"{given.fields}-{given.records}-{given.files}")
    if not os.path.exists(os.path.join(data, "truth.json")):
        print(f"simulating {given.records:,} records in {given.files} files ...", flush=True)
        command = [os.path.join(given.bin, "flow-simulate"), "--scenario", "bench", "--seed", "1"]
        command += ["--records", str(given.records), "--files", str(given.files)]
        subprocess.run(command + ["--fields", given.fields, "--out", data], check=True)
    files = sorted(glob.glob(os.path.join(data, "logs", "**", "*.gz"), recursive=True))
    size = sum(os.path.getsize(file) for file in files)

    report = [os.path.join(given.bin, "sg-audit"), "report", os.path.join(data, "logs")]
    report += ["--inventory", os.path.join(data, "inventory"), "--output", "json", "--quiet", "--min-days", "0.5"]
    gzip = ["sh", "-c", 'printf "%s\\0" "$@" | xargs -0 -n 1 -P 2 gzip -dc > /dev/null', "gzip"] + files

    ours, theirs = [], []
    for counted in range(given.runs + 1):
        pair = run(report, os.devnull), run(gzip, os.devnull)
        if counted:  # the first pair warms the caches
            ours.append(pair[0])
            theirs.append(pair[1])
    ratios = [a[0] / b[0] for a, b in zip(ours, theirs)]

    print(f"{given.records:,} records, {len(files)} files, {size / 1e6:.0f} MB compressed; {given.runs} pairs after a warm-up")
    for name, runs in ("sg-audit report", ours), ("gzip -dc, two at a time", theirs):
        seconds = [run[0] for run in runs]
        line = f"{statistics.median(seconds):6.2f} s median ({min(seconds):.2f} to {max(seconds):.2f})"
        print(f"  {name:24} {line}, {max(run[1] for run in runs):6.1f} MB peak")
    print(f"  ratio of the pairs       {statistics.median(ratios):6.2f} x median ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
