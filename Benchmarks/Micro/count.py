#!/usr/bin/env python3
"""Counts the instructions of Ashlar's hot paths under callgrind, and holds them against thresholds.json.

Each path runs twice, with few and with more iterations: the difference is free of whatever happens once. Counts do not
depend on what else the machine does, but on processor architecture, compiler and C library; thresholds.json names
those it was made with, and with others the comparison only informs. `--update` writes the numbers down anew.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

THRESHOLDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "thresholds.json")
FEW = 2


def environment():
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"Swift version ([0-9.]+)", swift)
    libc = "-".join(platform.libc_ver())
    return {"architecture": platform.machine(), "swift": found.group(1) if found else "unknown", "libc": libc}


def instructions(program, name, iterations, folder):
    """All instructions of a run, of all its threads."""
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/{name}.out", program, name, str(iterations)]
    # Hashes of other seeds would take other ways through dictionaries. A `rep movsb` would count once for each byte: copies
    # are to be made by vectors, whatever their size.
    tunables = "glibc.cpu.x86_rep_movsb_threshold=1099511627776:glibc.cpu.x86_rep_stosb_threshold=1099511627776"
    settings = {"SWIFT_DETERMINISTIC_HASHING": "1", "SWIFT_BACKTRACE": "enable=no", "GLIBC_TUNABLES": tunables}
    done = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, **settings})
    total = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not total:
        sys.exit(f"error: {name} does not run under callgrind:\n{done.stderr}")
    return int(total.group(1))


def count(program, only):
    """Instructions of one operation of each path."""
    with tempfile.TemporaryDirectory() as folder:
        # Valgrind trips over the compiler's debugging information; names stay.
        bare = os.path.join(folder, "program")
        shutil.copy(program, bare)
        subprocess.run(["strip", "-g", bare], check=True)
        listed = subprocess.run([bare, "list"], capture_output=True, text=True, check=True).stdout
        counts = {}
        for line in listed.splitlines():
            name, operations, unit = line.split("\t")
            if only and name not in only:
                continue
            # About as much work for each: a path over a whole store needs fewer iterations.
            more = FEW + max(2, 20_000 // int(operations))
            few, many = (instructions(bare, name, each, folder) for each in (FEW, more))
            counts[name] = {"instructions": round((many - few) / (more - FEW) / int(operations), 1), "per": unit}
        return counts


def compare(counts, expected):
    """What to print, and whether anything became slower than it may."""
    lines, bad = [f"{'path':16}{'now':>10}{'expected':>10}  change"], False
    for name, found in counts.items():
        known = expected.get("paths", {}).get(name)
        if not known:
            lines.append(f"{name:16}{found['instructions']:>10}{'–':>10}  not in thresholds.json")
            bad = True
            continue
        tolerance = known.get("tolerance", expected["tolerance"])
        change = found["instructions"] / known["instructions"] - 1
        word = ""
        if change > tolerance:
            word, bad = f"  SLOWER than the {tolerance:.0%} allowed", True
        elif change < -tolerance:
            word = "  faster: write it down with --update"
        lines.append(f"{name:16}{found['instructions']:>10}{known['instructions']:>10}  {change:+.1%} a {found['per']}{word}")
    return lines, bad


def self_test():
    expected = {"tolerance": 0.1, "paths": {"a": {"instructions": 100, "per": "x"}, "b": {"instructions": 100, "per": "x", "tolerance": 0.5}}}
    same = {"a": {"instructions": 109, "per": "x"}, "b": {"instructions": 149, "per": "x"}}
    assert not compare(same, expected)[1]
    assert compare({"a": {"instructions": 111, "per": "x"}}, expected)[1]
    assert compare({"b": {"instructions": 151, "per": "x"}}, expected)[1]
    assert compare({"new": {"instructions": 1, "per": "x"}}, expected)[1]
    assert not compare({"a": {"instructions": 50, "per": "x"}}, expected)[1]
    print("OK")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="ashlar-micro, built for release")
    parser.add_argument("--only", action="append", help="count this path alone; may be repeated")
    parser.add_argument("--update", action="store_true", help="write the counts into thresholds.json")
    parser.add_argument("--self-test", action="store_true", help="test the comparison")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    if not options.program:
        parser.error("--program is missing")
    with open(THRESHOLDS, encoding="utf-8") as file:
        expected = json.load(file)
    here = environment()
    counts = count(options.program, options.only)
    lines, bad = compare(counts, expected)
    print("\n".join(lines))
    if options.update:
        tolerances = {name: known["tolerance"] for name, known in expected.get("paths", {}).items() if "tolerance" in known}
        for name, found in counts.items():
            if name in tolerances:
                found["tolerance"] = tolerances[name]
            expected.setdefault("paths", {})[name] = found
        expected["environment"] = here
        with open(THRESHOLDS, "w", encoding="utf-8") as file:
            json.dump(expected, file, indent=2, ensure_ascii=False)
            file.write("\n")
        print(f"wrote {os.path.relpath(THRESHOLDS)}")
    elif expected.get("environment") != here:
        print(f"note: thresholds.json is of {expected.get('environment')}, this is {here}: nothing is judged")
    elif bad:
        sys.exit("error: a hot path takes more instructions than it may; if that is right, say why and use --update")


if __name__ == "__main__":
    main()
