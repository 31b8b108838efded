"""Makes small changes to the pure engine and names those no test notices.

See tests/mutants.sh. The sources are copied to a build folder, compiled once
as a shared library, and each change costs the compilation of what includes the
changed file, a link of the library and a run of the tests.
"""

import argparse
import json
import os
import queue
import random
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import mutations

ROOT = Path(__file__).resolve().parents[2]
# All but what tests templates of headers, where nothing is changed.
ALL_TESTS = "~[.]~[timer_wheel]~[slab]"
COMPILE_LIMIT = 300
MEMORY_MAX = 8 << 30


def main():
    options = parse_options()
    folder = Path(options.build).resolve()
    tree = Tree(folder)
    tree.copy()
    drawn = draw(tree.source, options)
    if not drawn:
        sys.exit("mutants: nothing to change there")
    tree.build()
    os.nice(10)
    print(f"seed {options.seed}", flush=True)
    outcome = Trial(tree, options).run(drawn)
    sys.exit(0 if outcome else 1)


def parse_options():
    parser = argparse.ArgumentParser(
        prog="mutants", description="Changes the pure engine in small ways "
        "and names the changes that no test notices.")
    parser.add_argument("--count", type=int, default=50,
                        help="so many changes (50)")
    parser.add_argument("--seed", type=int, default=None,
                        help="which changes; without it, others each time")
    parser.add_argument("--only", action="append", metavar="TEXT[:LINE]",
                        help="only in files whose path contains TEXT, in that "
                        "line; may be given several times")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(),
                        help="changes tried at once (one a processor)")
    parser.add_argument("--build", default=str(ROOT / "build-mutants"),
                        help="the build folder (build-mutants)")
    options = parser.parse_args()
    if options.count < 1 or options.jobs < 1:
        parser.error("--count and --jobs need at least 1")
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    return options


# -- which changes -------------------------------------------------------------

def draw(source, options):
    """All changes in the order of trial, one after the other at each place."""
    places = {}
    for each in mutations.all_in(source):
        if is_wanted(each, options.only):
            places.setdefault((each.path, each.start, each.end),
                              []).append(each)
    chance = random.Random(options.seed)
    order = [places[key] for key in sorted(places)]
    chance.shuffle(order)
    for each in order:
        chance.shuffle(each)
    first = [each[0] for each in order]
    return first + [more for each in order for more in each[1:]]


def is_wanted(change, only):
    if not only:
        return True
    for each in only:
        text, _, line = each.partition(":")
        if text in change.path and line in ("", str(change.line)):
            return True
    return False


class Part:
    """A library, the tests that look at its changes, and their commands."""

    def __init__(self, folder, library, tests):
        self.folder = folder
        self.library_name = library
        self.program_name = tests
        self.library = []
        self.program = []


def parts():
    return [
        Part("runtime/src", "runtime/libtroupe_runtime.so",
             "tests/runtime_tests"),
        Part("runtime/remote/src",
             "runtime/remote/libtroupe_remote_runtime.so",
             "tests/remote_runtime_tests"),
        Part("runtime/store/src",
             "runtime/store/libtroupe_store_runtime.so",
             "tests/store_runtime_tests"),
    ]


# -- the copy and its build ----------------------------------------------------

class Tree:
    def __init__(self, folder):
        self.source = folder / "source"
        self.build_folder = folder / "build"
        self.log = folder / "build.log"
        self.parts = parts()

    def part_of(self, change):
        return next(part for part in self.parts
                    if change.path.startswith(part.folder + "/"))

    def copy(self):
        """Copies what has changed since the last time."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others",
             "--exclude-standard"], cwd=ROOT, capture_output=True)
        if listed.returncode != 0:
            sys.exit("mutants: the sources must be a git work tree")
        names = {name for name in os.fsdecode(listed.stdout).split("\0")
                 if name and (ROOT / name).is_file()}
        for name in names:
            to = self.source / name
            content = (ROOT / name).read_bytes()
            if to.is_file() and to.read_bytes() == content:
                continue
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(content)
        for path in [each for each in self.source.rglob("*")
                     if each.is_file()]:
            if str(path.relative_to(self.source)) not in names:
                path.unlink()

    def build(self):
        print("building the tests", flush=True)
        self.log.write_text("")
        self.must(["cmake", "-S", self.source, "-B", self.build_folder,
                   "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
                   "-DCMAKE_CXX_FLAGS_DEBUG=-O0", "-DBUILD_SHARED_LIBS=ON",
                   "-DTROUPE_DEV=ON", "-DTROUPE_CHECK_HEADERS=OFF",
                   "-DCMAKE_PROJECT_troupe_INCLUDE=" +
                   str(self.source / "tests/mutants/project.cmake"),
                   "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"])
        self.must(["cmake", "--build", self.build_folder, "--target",
                   *(Path(part.program_name).name for part in self.parts)])
        self.read_commands()

    def must(self, command):
        with self.log.open("a") as log:
            done = subprocess.run([str(each) for each in command], stdout=log,
                                  stderr=subprocess.STDOUT)
        if done.returncode != 0:
            sys.stderr.write(self.log.read_text()[-3000:])
            sys.exit(f"mutants: {command[0]} failed, see {self.log}")

    def ninja(self, *arguments):
        return subprocess.run(
            ["ninja", *arguments], cwd=self.build_folder, check=True,
            capture_output=True, text=True).stdout

    def read_commands(self):
        self.compile = {}
        text = (self.build_folder / "compile_commands.json").read_text()
        for entry in json.loads(text):
            words = shlex.split(entry["command"])
            if "ccache" in Path(words[0]).name:
                words = words[1:]
            self.compile[words[words.index("-o") + 1]] = words
        targets = self.ninja("-t", "targets", "all").splitlines()
        for part in self.parts:
            part.library = self.link_of(
                [line for line in targets
                 if line.startswith(part.library_name)])
            part.program = self.link_of([part.program_name + ":"])
        objects = {word for part in self.parts
                   for word in part.library + part.program
                   if word.endswith(".o")}
        self.users = {}
        for block in self.ninja("-t", "deps").split("\n\n"):
            lines = block.splitlines()
            target = lines[0].split(":")[0] if lines else ""
            if target not in objects:
                continue
            for line in lines[1:]:
                used = (self.build_folder / line.strip()).resolve()
                self.users.setdefault(str(used), []).append(target)

    def link_of(self, targets):
        """The words of the command that links the last of `targets`."""
        name = max(targets, key=len).split(":")[0]
        line = self.ninja("-t", "commands", name).splitlines()[-1]
        if " -o " not in line:
            line = [each for each in self.ninja("-t", "commands", name)
                    .splitlines() if " -o " in each][-1]
        words = shlex.split(line)
        if words[:2] == [":", "&&"]:
            words = words[2:]
        return words[:words.index("&&")] if "&&" in words else words

    @property
    def test_files(self):
        return [path.stem for path in
                (self.source / "tests").rglob("*_test.cpp")]


# -- one change ----------------------------------------------------------------

class Workplace:
    """Where one job compiles and links, beside the others."""

    def __init__(self, tree, folder, limit):
        self.tree = tree
        self.folder = folder
        self.limit = limit

    def verdict(self, change):
        """"broken" where it does not compile, "noticed", or "alive"."""
        shutil.rmtree(self.folder, ignore_errors=True)
        changed = self.write(change)
        renamed = {}
        for target in self.tree.users.get(
                str(self.tree.source / change.path), []):
            renamed[target] = str(self.folder / (target.replace("/", "_")))
            if not self.compile(target, change, changed, renamed[target]):
                return "broken"
        part = self.tree.part_of(change)
        library = self.link(part.library, renamed)
        program = self.link(part.program, renamed)
        if library is None or program is None:
            return "broken"
        name = Path(change.path).stem.split("_")[0]
        like = [stem for stem in self.tree.test_files
                if stem.split("_")[0] == name]
        runs = [",".join(f"[#{stem}]~[.]" for stem in like)] if like else []
        for tests in runs + [ALL_TESTS]:
            if not run_tests(self.tree, program, library, tests, self.limit):
                return "noticed"
        return "alive"

    def write(self, change):
        source = (self.tree.source / change.path).read_text()
        # Below the folder that the compiler looks for includes in.
        changed = self.folder / change.path
        changed.parent.mkdir(parents=True)
        changed.write_text(change.apply(source))
        return changed

    def compile(self, target, change, changed, output):
        words = list(self.tree.compile[target])
        words[words.index("-o") + 1] = output
        own = str(self.tree.source / change.path)
        words = [str(changed) if (self.tree.build_folder / word).resolve() ==
                 Path(own) else word for word in words]
        folder = self.folder / self.tree.part_of(change).folder
        words[1:1] = [f"-I{folder}", "-w"]
        done = run(words, self.tree.build_folder, COMPILE_LIMIT)
        return done == 0

    def link(self, command, renamed):
        """The library or program with what changed; as it is without that."""
        at = command.index("-o") + 1
        if not set(command) & set(renamed):
            return self.tree.build_folder / command[at]
        output = self.folder / Path(command[at]).name
        words = [renamed.get(word, word) for word in command]
        words[at] = str(output)
        if shutil.which("ld.lld"):
            words.append("-fuse-ld=lld")
        done = run(words, self.tree.build_folder, COMPILE_LIMIT)
        return output if done == 0 else None


def run_tests(tree, program, library, tests, limit):
    command = [str(program), "--filenames-as-tags", "--abort", tests]
    # The library beside the program has the same name, and comes too late.
    return run(command, tree.source, limit, {
        **os.environ, "LD_PRELOAD": str(library), "RC_PARAMS": "seed=1"}) == 0


def run(command, folder, limit, environment=None):
    """The status of a command; None where it took too long."""
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True, preexec_fn=bound_memory)
    try:
        return process.wait(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return None


def bound_memory():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX, MEMORY_MAX))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# -- all changes ---------------------------------------------------------------

class Trial:
    def __init__(self, tree, options):
        self.tree = tree
        self.options = options
        self.same = mutations.read_same()
        self.lock = threading.Lock()
        self.counts = {"noticed": 0, "alive": 0, "same": 0}

    def run(self, drawn):
        """Whether all were noticed, or mean the same."""
        limit = max(self.time_limit(part) for part in self.tree.parts)
        waiting = queue.SimpleQueue()
        for change in drawn:
            waiting.put(change)
        with tempfile.TemporaryDirectory(dir=self.tree.build_folder) as folder:
            workers = [
                threading.Thread(target=self.work, args=(
                    waiting,
                    Workplace(self.tree, Path(folder) / str(number), limit)))
                for number in range(self.options.jobs)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        alive = self.counts["alive"] + self.counts["same"]
        if self.counts["same"]:
            print(f"of those alive {self.counts['same']} mean the same, see "
                  "tests/mutants/same.txt")
        print(f"mutants {self.done()}, noticed {self.counts['noticed']}, "
              f"alive {alive}")
        return self.counts["alive"] == 0

    def time_limit(self, part):
        begin = time.monotonic()
        link = self.tree.build_folder
        program, library = (
            link / command[command.index("-o") + 1]
            for command in (part.program, part.library))
        if not run_tests(self.tree, program, library, ALL_TESTS, 600):
            sys.exit("mutants: the tests fail without any change")
        return 20 + 5 * (time.monotonic() - begin)

    def done(self):
        return sum(self.counts.values())

    def work(self, waiting, place):
        while True:
            with self.lock:
                if self.done() >= self.options.count or waiting.empty():
                    return
                change = waiting.get()
            verdict = place.verdict(change)
            with self.lock:
                if self.done() >= self.options.count or verdict == "broken":
                    continue
                if verdict == "alive" and (
                        change.path, change.before, change.after) in self.same:
                    verdict = "same"
                self.counts[verdict] += 1
                self.tell(change, verdict)

    def tell(self, change, verdict):
        if verdict != "noticed":
            print(f"{change.path}:{change.line}: "
                  f"{'means the same' if verdict == 'same' else 'alive'}\n"
                  f"  before  {change.before}\n  after   {change.after}",
                  flush=True)
        if self.done() % 10 == 0:
            print(f"{self.done()} tried", flush=True)


if __name__ == "__main__":
    main()
