"""Starts a process again and again that one of its durable runs kills.

    python3 poison.py --program durable_crash --runs 1000

The run must be put in quarantine after five starts in vain, and all others must
finish. The last line reads "deaths D, finished N, quarantined Q"; status 1 if
it is wrong.
"""

import argparse
import json
import pathlib
import signal
import subprocess
import sys
import tempfile

RECOVERIES_MAX = 5
# It dies in the life in which it begins, and in each that recovers it. Those
# that began beside it may need lives of their own.
DEATHS_MAX = 4 * RECOVERIES_MAX
PATIENCE_S = 120


def call(options, *words):
    return subprocess.run(
        [options.program, *(str(word) for word in words)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
    )


def poison(options, folder):
    store = folder / "runs.db"
    deaths = 0
    while deaths < DEATHS_MAX:
        done = call(
            options,
            *("run", "--poisoned", "--runs", options.runs, "--store", store),
            *("--results", folder / "results"),
        )
        if done.returncode == 0:
            break
        if done.returncode != -signal.SIGSEGV:
            return f"status {done.returncode}: {done.stderr}"
        deaths += 1
    looked = call(options, "look", "--store", store, "--results", folder / "seen")
    if looked.returncode != 0:
        return f"status {looked.returncode}: {looked.stderr}"
    runs = json.loads((folder / "seen").read_text())["runs"]
    bad = runs.pop("poison", None)
    finished = sum(each["status"] == "finished" for each in runs.values())
    quarantined = [run for run in runs if runs[run]["status"] == "quarantined"]
    print(
        f"deaths {deaths}, finished {finished}, "
        f"quarantined {len(quarantined) + (bad['status'] == 'quarantined')}"
    )
    if quarantined:
        return f"in quarantine without a reason: {quarantined[:5]}"
    if bad["status"] != "quarantined" or bad["in_vain"] != RECOVERIES_MAX:
        return f"the poisoned run: {bad}"
    if finished != options.runs:
        return f"{options.runs - finished} runs did not finish"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--runs", type=int, default=1000)
    with tempfile.TemporaryDirectory() as folder:
        problem = poison(parser.parse_args(), pathlib.Path(folder))
    if problem:
        print(f"poison.py: {problem}")
    return 1 if problem else 0


if __name__ == "__main__":
    sys.exit(main())
