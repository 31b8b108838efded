"""Kills a process with durable runs at random points, and starts it again.

    python3 crash.py --program durable_crash --kills 200 --seed 1

See tests/crash.sh.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

# Of a life, from the moment when it has opened its store.
LIFE_S = 0.25
# A part of the lives ends earlier than that, and a part is asked to end.
EARLY = 0.2
EARLY_S = 0.1
STOPPED = 0.1
STOPPED_STATUS = 3
# Of a life that nobody kills, however busy the machine is.
PATIENCE_S = 120
TOLD_MAX = 20


class Wrong(Exception):
    pass


class Round:
    """Runs of one seed in one store, from their start to their end."""

    def __init__(self, options, seed, folder):
        self.options = options
        self.seed = seed
        self.folder = folder
        self.random = random.Random(f"{options.seed}.{seed}")
        self.kills = 0
        self.lost = []
        self.doubled = []
        self.effects_doubled = []
        self.differences = []

    def run(self, kills_max):
        expected = self.undisturbed()
        while self.kills < kills_max and not self.live(is_killed=True):
            pass
        if not (self.folder / "results").exists():
            self.live(is_killed=False)
        self.compare(expected, self.read("results"))
        self.look()
        self.read_effects()

    # -- lives -----------------------------------------------------------------

    def command(self, *more):
        options = self.options
        return [
            *(options.program, "run", "--runs", options.runs),
            *("--seed", self.seed * 1000, *more),
        ]

    def undisturbed(self):
        call(self.command("--results", self.folder / "expected"))
        return self.read("expected")

    def live(self, is_killed):
        """Returns whether all runs have ended."""
        results = self.folder / "results"
        command = self.command(
            *("--store", self.folder / "runs.db", "--results", results),
            *("--effects", self.folder / "effects"),
            *("--sync", self.options.sync),
        )
        if not is_killed:
            call(command)
            return True
        process = subprocess.Popen(
            [str(word) for word in command],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        is_ready = self.random.random() >= EARLY
        if not is_ready:
            span = self.random.uniform(0, EARLY_S)
        else:
            process.stdout.readline()
            span = self.random.uniform(0, LIFE_S)
        try:
            process.wait(span)
        except subprocess.TimeoutExpired:
            if is_ready and self.random.random() < STOPPED:
                return self.stop(process)
            process.kill()
        problem = process.communicate()[1]
        # It may have ended in the meantime.
        if process.returncode == 0:
            return True
        if process.returncode > 0 or problem:
            raise Wrong(f"status {process.returncode}: {problem}")
        results.unlink(missing_ok=True)
        self.kills += 1
        return False

    def stop(self, process):
        """A process that is asked to end puts its runs away."""
        process.terminate()
        problem = process.communicate(timeout=PATIENCE_S)[1]
        if process.returncode == 0:
            return True
        if process.returncode != STOPPED_STATUS:
            raise Wrong(f"status {process.returncode} after SIGTERM: {problem}")
        for run, how in self.seen()["runs"].items():
            # One that was recovered in vain before may have waited for its turn.
            if how["status"] == "running" and how["in_vain"] < 2:
                raise Wrong(f"{run} was not put away")
        return False

    def seen(self):
        call(
            [self.options.program, "look", "--store", self.folder / "runs.db"]
            + ["--results", self.folder / "seen"]
        )
        return self.read("seen")

    def read(self, name):
        return json.loads((self.folder / name).read_text())

    # -- what became of it -----------------------------------------------------

    def compare(self, expected, results):
        for run, outcome in expected.items():
            found = results.get(run)
            if found is None or "left" in found:
                self.lost.append(f"{run}: {found}")
            elif found != outcome:
                self.differences.append(f"{run}: {found} instead of {outcome}")

    def look(self):
        seen = self.seen()
        self.lost += [f"{run}: has not ended" for run in seen["open"]]
        self.doubled += seen["twice"]
        if seen["faults"]:
            raise Wrong(f"the store is damaged: {seen['faults']}")
        # Each run starts one of its own.
        parents = collections.Counter(run.split("-")[0] for run in seen["runs"])
        for run, count in parents.items():
            if count > 2:
                self.effects_doubled.append(f"{run}: {count - 1} children")
            elif count < 2:
                self.lost.append(f"{run}: its child")

    def read_effects(self):
        """A step begins after those before it were committed, so none of these
        is executed any more; and an effect whose end is known is not either."""
        last = {}
        known = set()
        for line in (self.folder / "effects").read_text().splitlines():
            what, key = line.split(" ", 1)
            if what == "effect" and key in known:
                self.effects_doubled.append(key)
            if what == "known":
                known.add(key)
            at = re.fullmatch(r"(.*)#(\d+)(\.\d+)?( .*)?", key)
            if not at:
                continue
            where, step = at[1], int(at[2])
            if step < last.get(where, 0):
                self.doubled.append(f"{key} after step {last[where]}")
            last[where] = max(step, last.get(where, 0))


def call(command):
    done = subprocess.run(
        [str(word) for word in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE_S,
    )
    if done.returncode != 0:
        raise Wrong(f"status {done.returncode}: {done.stderr}")


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--runs", type=int, default=8, help="of each store")
    parser.add_argument("--sync", choices=["normal", "full"], default="normal")
    parser.add_argument("--folder", help="keeps the stores there")
    return parser.parse_args(words)


def crash(options, folder):
    print(f"seed {options.seed}", flush=True)
    sums = collections.Counter()
    number = 0
    while sums["kills"] < options.kills:
        number += 1
        place = folder / str(number)
        place.mkdir(parents=True)
        each = Round(options, number, place)
        each.run(options.kills - sums["kills"])
        sums["kills"] += each.kills
        for what in ("lost", "doubled", "effects_doubled", "differences"):
            found = getattr(each, what)
            for text in found[:TOLD_MAX]:
                print(f"{what}, store {number}: {text}")
            sums[what] += len(found)
        if not options.folder:
            shutil.rmtree(place)
    print(
        f"kills {sums['kills']}, lost {sums['lost']}, "
        f"doubled {sums['doubled']}, "
        f"effects_doubled {sums['effects_doubled']}, "
        f"differences {sums['differences']}"
    )
    del sums["kills"]
    return 1 if any(sums.values()) else 0


def main():
    options = parse(sys.argv[1:])
    try:
        if options.folder:
            return crash(options, pathlib.Path(options.folder))
        with tempfile.TemporaryDirectory() as folder:
            return crash(options, pathlib.Path(folder))
    except Wrong as why:
        print(f"crash.py: {why}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
