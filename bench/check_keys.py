#!/usr/bin/env python3
"""Runs a benchmark and checks that it prints the figures it is to print.

    check_keys.py KEY,KEY,... PROGRAM [ARGUMENT]...
"""

import json
import subprocess
import sys


def main():
    keys = sys.argv[1].split(",")
    ran = subprocess.run(sys.argv[2:], stdout=subprocess.PIPE, text=True)
    if ran.returncode != 0:
        return f"exit status {ran.returncode}"
    lines = ran.stdout.splitlines()
    if len(lines) != 1:
        return f"{len(lines)} lines instead of one: {ran.stdout!r}"
    figures = json.loads(lines[0])
    missing = [key for key in keys if key not in figures]
    if missing:
        return f"without {', '.join(missing)}: {lines[0]}"
    nested = [key for key in figures if isinstance(figures[key], (dict, list))]
    if nested:
        return f"not flat: {', '.join(nested)}"
    return None


if __name__ == "__main__":
    sys.exit(main())
