#!/usr/bin/env python3
"""Counts test cases in a log of ctest: prints "PASSED FAILED".

A CTest entry that ran a Catch2 program counts its cases, any other entry
counts as one. An entry that failed counts at least one failure, so that a
crash before Catch2's summary is not lost.
"""

import re
import sys

ENTRY = re.compile(r"^\d+/\d+ Testing: ", re.MULTILINE)
ALL_PASSED = re.compile(r"^All tests passed \(.* in (\d+) test cases?\)",
                        re.MULTILINE)
SUMMARY = re.compile(r"^test cases: *(\d+)(.*)$", re.MULTILINE)
PART = re.compile(r"(\d+) (passed|failed)")
# A reason is given where the test names an expression for its output.
PASSED = re.compile(r"^Test Pass(ed\.$| Reason:$)", re.MULTILINE)


def count_entry(text):
    """The passed and failed cases of one CTest entry."""
    entry_passed = PASSED.search(text)
    passed = failed = 0
    if match := ALL_PASSED.search(text):
        passed = int(match.group(1))
    elif match := SUMMARY.search(text):
        parts = {name: int(number)
                 for number, name in PART.findall(match.group(2))}
        passed = parts.get("passed", 0)
        failed = int(match.group(1)) - passed
    elif entry_passed:
        passed = 1
    if not entry_passed:
        failed = max(failed, 1)
    return passed, failed


def count(log):
    entries = ENTRY.split(log)[1:]
    counts = [count_entry(entry) for entry in entries]
    return sum(c[0] for c in counts), sum(c[1] for c in counts)


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        passed, failed = count(file.read())
    if passed + failed == 0:
        sys.exit(f"{sys.argv[1]} tells of no test")
    print(passed, failed)


if __name__ == "__main__":
    main()
