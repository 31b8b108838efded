"""Kills, freezes and cuts off workers of a cluster under load.

    python3 chaos.py --program cluster_chaos --kills 5 --freezes 2 --cuts 2

See tests/cluster_chaos.sh.
"""

import argparse
import asyncio
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

import restarts
from processes import Log, Supervisor, Worker, Wrong, until

WORKERS = 3
WORKERS_MAX = 5
# A supervisor gives up a worker of which it hears nothing for 2 s. All of these
# last longer.
OUTAGE_S = (3.0, 6.0)
# It cannot give work to the right worker before it knows which are gone, so the
# outages that only silence tells of begin so far from each other. They overlap.
APART_S = 2.5
PAUSE_S = (0.2, 1.5)
# Of a wait that ends by itself, however busy the machine is.
PATIENCE_S = 60
# After so many kills some work must be seen to begin again.
KILLS_SEEN = 3


class Chaos:
    def __init__(self, options, folder):
        self.options = options
        self.random = random.Random(options.seed)
        self.folder = folder
        self.log = Log(folder / "log")
        self.supervisor = Supervisor(self.log)
        self.workers = []
        self.past = []
        self.started = 0
        self.counts = {"kill": 0, "freeze": 0, "cut": 0}
        self.interruptions = []
        self.background = []
        self.last_silent = 0.0

    # -- what happens ----------------------------------------------------------

    async def run(self):
        options = self.options
        await self.supervisor.start(
            *(options.program, "supervisor", "--seed", options.seed),
            *("--items", options.items, "--lanes", options.lanes),
        )
        await until(
            lambda: self.supervisor.address, PATIENCE_S, lambda: "no supervisor"
        )
        for _ in range(WORKERS):
            await self.add_worker()
        for act in self.acts():
            await asyncio.sleep(self.random.uniform(*PAUSE_S))
            await getattr(self, act)()
            self.look_for_trouble()
        await asyncio.gather(*self.background)
        await self.end()

    def acts(self):
        options = self.options
        acts = ["kill"] * options.kills
        acts += ["freeze"] * options.freezes
        acts += ["cut"] * options.cuts
        acts += ["join_or_drain"] * max(2, len(acts) // 4)
        self.random.shuffle(acts)
        return acts

    async def kill(self):
        worker = await self.pick()
        self.interrupt(worker, "kill")
        await self.remove(worker)
        await self.add_worker()

    async def freeze(self):
        worker = await self.pick_for_silence()
        self.interrupt(worker, "freeze")
        worker.send(signal.SIGSTOP)
        self.later(worker, lambda: worker.send(signal.SIGCONT))

    async def cut(self):
        worker = await self.pick_for_silence()
        ending = self.random.choice([worker.proxy.resume, worker.proxy.reset])
        self.interrupt(worker, "cut")
        worker.proxy.stall()
        self.later(worker, ending)

    async def join_or_drain(self):
        if len(self.workers) < WORKERS_MAX and self.random.random() < 0.5:
            await self.add_worker()
            return
        worker = await self.pick()
        worker.trouble = "drain"
        worker.send(signal.SIGTERM)
        self.background.append(asyncio.ensure_future(self.leaves(worker)))
        if len(self.workers) == WORKERS:
            await self.add_worker()

    async def end(self):
        await self.supervisor.ask("stop")
        await until(
            lambda: self.supervisor.stopped is not None,
            2 * PATIENCE_S,
            lambda: "runs that do not end",
        )
        for worker in self.workers:
            worker.send(signal.SIGTERM)
        await asyncio.gather(*map(self.leaves, list(self.workers)))
        await until(
            self.nothing_is_left,
            PATIENCE_S,
            lambda: f"workers or work: {self.supervisor.status}",
            ask=lambda: self.supervisor.ask("status"),
        )
        self.supervisor.child.stdin.close()
        if status := await self.supervisor.ended(PATIENCE_S):
            raise Wrong(f"the supervisor ends with status {status}")

    # -- parts of it -----------------------------------------------------------

    async def add_worker(self):
        self.started += 1
        worker = Worker(
            f"w{self.started}", self.log, self.folder, self.supervisor.address
        )
        self.workers.append(worker)
        await worker.join(self.options.program, self.options.capacity)

    async def remove(self, worker):
        self.workers.remove(worker)
        self.past.append(worker)
        await worker.kill()

    async def leaves(self, worker):
        if status := await worker.ended(PATIENCE_S):
            raise Wrong(f"{worker.name} ends with status {status}, not 0")
        await self.remove(worker)
        if left := restarts.unbalanced(restarts.read_journal(worker.journal)):
            raise Wrong(f"{worker.name} has left without an end of {left}")

    def healthy(self):
        return [
            each
            for each in self.workers
            if each.trouble is None and each.name in self.supervisor.members
        ]

    async def pick(self):
        """A worker that is well, while there is another one."""
        await until(lambda: len(self.healthy()) > 1, PATIENCE_S, self.describe_workers)
        return self.random.choice(self.healthy())

    async def pick_for_silence(self):
        rest = self.last_silent + self.options.apart - time.monotonic()
        await asyncio.sleep(max(0.0, rest))
        worker = await self.pick()
        self.last_silent = time.monotonic()
        return worker

    def nothing_is_left(self):
        status = self.supervisor.status
        keys = ("workers", "waiting", "leased")
        return status is not None and not any(status[key] for key in keys)

    def describe_workers(self):
        troubles = {each.name: each.trouble for each in self.workers}
        return f"{troubles}, of which {self.supervisor.members} have joined"

    def interrupt(self, worker, how):
        self.log.add(worker.name, how)
        worker.trouble = how
        self.counts[how] += 1
        self.interruptions.append((worker.name, time.monotonic_ns(), how != "cut"))

    def later(self, worker, ending):
        async def wait_and_end(span):
            await asyncio.sleep(span)
            self.log.add(worker.name, "is let go")
            ending()
            worker.trouble = None

        span = self.random.uniform(*OUTAGE_S)
        self.background.append(asyncio.ensure_future(wait_and_end(span)))

    def look_for_trouble(self):
        for each in self.background:
            if each.done():
                each.result()
        for each in [self.supervisor, *self.workers]:
            status = each.child.returncode
            if status is not None and each.trouble != "drain":
                raise Wrong(f"{each.name} has ended with status {status}")

    async def kill_all(self):
        """Ends everything, and gives what went wrong with that."""
        for each in self.background:
            each.cancel()
        everyone = [*self.workers, self.supervisor]
        ends = await asyncio.gather(
            *(each.kill() for each in everyone), return_exceptions=True
        )
        await asyncio.gather(*self.background, return_exceptions=True)
        return [
            f"{each.name} cannot be killed: {why!r}"
            for each, why in zip(everyone, ends)
            if isinstance(why, BaseException)
        ]

    # -- what came of it -------------------------------------------------------

    def verdict(self):
        """The closing line, and whether it is a good one."""
        reports = self.supervisor.reports.values()
        lost = sum(len(each.get("lost", [])) for each in reports)
        doubled = sum(len(each.get("doubled", [])) for each in reports)
        bad = [each for each in reports if each["how"] != "ended"]
        runs = self.supervisor.stopped
        if runs is None:
            # Something is wrong; those that were being made have not ended.
            runs = len(reports) + self.options.lanes
        unfinished = len(bad) + runs - len(reports)
        for each in bad:
            print(f"run {each['run']}: {each['how']}")
        journals = {
            each.name: restarts.read_journal(each.journal)
            for each in [*self.past, *self.workers]
        }
        spans, never = restarts.restarts(journals, self.interruptions)
        print(
            f"{len(spans)} interrupted pieces began again, after "
            f"{max(spans, default=0):.2f} s at most; {never} did not"
        )
        # A gap between two runs may hide a kill or two, but hardly more.
        is_blind = not spans and self.counts["kill"] >= KILLS_SEEN
        if is_blind:
            print(f"wrong: {self.counts['kill']} kills, but no work began again")
        line = (
            f"runs {runs}, kills {self.counts['kill']}, "
            f"freezes {self.counts['freeze']}, cuts {self.counts['cut']}, "
            f"lost {lost}, doubled {doubled}, unfinished {unfinished}, "
            f"restart_p99 {restarts.p99(spans):.2f} s"
        )
        return line, not (lost or doubled or unfinished or is_blind)


async def main(options, folder):
    chaos = Chaos(options, folder)
    task = asyncio.current_task()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, task.cancel)
    is_good = True
    try:
        await chaos.run()
    except (Wrong, OSError) as why:
        print(f"wrong: {why}")
        is_good = False
    finally:
        for each in await chaos.kill_all():
            print(f"wrong: {each}")
            is_good = False
    line, is_whole = chaos.verdict()
    if not (is_good and is_whole):
        print(f"all that was said: {folder}/log")
    print(line)
    return is_good and is_whole


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--freezes", type=int, default=2)
    parser.add_argument("--cuts", type=int, default=2)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**6)
    parser.add_argument("--items", type=int, default=200, help="of each run")
    parser.add_argument("--lanes", type=int, default=2, help="runs at once")
    parser.add_argument("--capacity", type=int, default=12, help="of a worker")
    parser.add_argument(
        "--apart",
        type=float,
        default=APART_S,
        help="least seconds between freezes or cuts",
    )
    parser.add_argument("--keep", action="store_true", help="keep the log")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = arguments()
    print(f"seed {chosen.seed}", flush=True)
    into = pathlib.Path(tempfile.mkdtemp(prefix="cluster_chaos."))
    try:
        ended_well = asyncio.run(main(chosen, into))
    except asyncio.CancelledError:
        shutil.rmtree(into)
        sys.exit("interrupted")
    if ended_well and not chosen.keep:
        shutil.rmtree(into)
    sys.exit(0 if ended_well else 1)
