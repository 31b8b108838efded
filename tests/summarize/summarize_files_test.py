"""Runs the program summarize_files as a user does.

    SUMMARIZE_FILES=<program> python3 summarize_files_test.py
"""

import json
import os
import pathlib
import pty
import signal
import subprocess
import tempfile
import unittest
import urllib.request

PROGRAM = os.environ["SUMMARIZE_FILES"]
SERVER = os.environ.get("MODEL_SERVER")
CLUSTER = os.environ.get("WITH_WORKERS")
GOOD = (
    "Tea is a drink made of hot water and leaves of the tea plant. "
    "The leaves of the tea plant are dried before water is poured on them.\n"
)


class SummarizeFiles(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.dir = pathlib.Path(self.folder.name) / "texts"
        self.dir.mkdir()

    def write(self, name, content=GOOD):
        path = self.dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
        return path

    def run_program(self, *arguments):
        return subprocess.run(
            [PROGRAM, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def objects(self, text):
        return [json.loads(line) for line in text.splitlines()]

    def test_all_good(self):
        self.write("b.txt")
        self.write("deep/er/a.txt")
        done = self.run_program(self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        self.assertTrue(done.stdout.startswith("b.txt ("), done.stdout)
        self.assertIn("\n  Tea is a drink made of hot water", done.stdout)
        self.assertTrue(done.stdout.endswith("Summarised 2 of 2 files.\n"))
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 78)

    def test_bad_files_do_not_stop_the_others(self):
        self.write("binary", b"\x7fELF\x00\x01")
        self.write("blank", "  \n\n")
        self.write("empty", "")
        self.write("good.txt")
        self.write("huge", GOOD * 50)
        self.write("latin1", b"caf\xe9 au lait\n")
        (self.dir / "dangling").symlink_to("nowhere")
        (self.dir / "link").symlink_to("good.txt")
        (self.dir / "up").symlink_to("..")
        os.mkfifo(self.dir / "pipe")
        done = self.run_program(self.dir, "--json", "--max-bytes", 2000)
        self.assertEqual(done.returncode, 1, done.stderr)
        found = {one["file"]: one for one in self.objects(done.stdout)}
        self.assertEqual(
            {name: one["status"] for name, one in found.items()},
            {
                "binary": "binary",
                "blank": "empty",
                "dangling": "unreadable",
                "empty": "empty",
                "good.txt": "ok",
                "huge": "too_large",
                "latin1": "binary",
            },
        )
        self.assertEqual(found["good.txt"]["links"], ["link"])
        self.assertEqual(found["good.txt"]["bytes"], len(GOOD))
        self.assertEqual(found["good.txt"]["words"], len(GOOD.split()))
        self.assertTrue(found["good.txt"]["summary"].startswith("Tea is"))
        self.assertIn("nowhere", found["dangling"]["reason"])
        for name, one in found.items():
            if name != "good.txt":
                self.assertIsNone(one["summary"])
                self.assertTrue(one["reason"])
        self.assertEqual(
            done.stderr,
            "Summarised 1 of 7 files, 6 failed; 1 link to them not repeated; "
            "2 passed over.\n",
        )
        text = self.run_program(self.dir, "--max-bytes", 2000)
        self.assertEqual(text.returncode, 1)
        self.assertIn("Not summarised:\n  binary: is not text", text.stdout)
        self.assertIn("Passed over:\n  pipe: not a regular file", text.stdout)

    def test_out(self):
        self.write("a.txt")
        out = self.dir / "out.json"
        out.write_text("old")
        for _ in range(2):
            done = self.run_program(self.dir, "--json", "--out", out)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, "")
            objects = self.objects(out.read_text())
            self.assertEqual([one["file"] for one in objects], ["a.txt"])
        self.assertEqual(
            sorted(entry.name for entry in self.dir.iterdir()),
            ["a.txt", "out.json"],
        )

    def test_the_result_does_not_depend_on_the_concurrency(self):
        for i in range(30):
            self.write(f"{i}.txt", f"The number of this text is {i}. " * 40)
        results = {
            self.run_program(
                self.dir, "--json", "--chunk-bytes", 256, "--concurrency", n
            ).stdout
            for n in (1, 2, 30)
        }
        self.assertEqual(len(results), 1)
        self.assertEqual(len(self.objects(results.pop())), 30)

    def test_names_that_are_not_utf8(self):
        name = os.fsencode(self.dir) + b"/caf\xe9.txt"
        with open(name, "wb") as file:
            file.write(GOOD.encode())
        done = self.run_program(self.dir, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.objects(done.stdout)[0]["file"], "caf\ufffd.txt")

    def test_bad_usage(self):
        file = self.write("a.txt")
        empty = self.dir / "empty"
        empty.mkdir()
        for arguments, text in [
            ([], "DIR"),
            ([self.dir / "missing"], "does not exist"),
            ([file], "is not a directory"),
            ([empty], "there are no files under"),
            ([self.dir, "--concurrency", 0], "must be a whole number from 1"),
            ([self.dir, "--bogus"], "--bogus"),
        ]:
            with self.subTest(arguments=arguments):
                done = self.run_program(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stdout, "")
                self.assertIn(text, done.stderr)

    def test_a_place_that_cannot_be_written_to(self):
        self.write("a.txt")
        for out in (self.dir / "no" / "out", self.dir, "/dev/full"):
            with self.subTest(out=out):
                done = self.run_program(self.dir, "--out", out)
                self.assertEqual(done.returncode, 2)
                self.assertIn("cannot write", done.stderr)

    def test_progress_on_a_terminal_only(self):
        for i in range(5):
            self.write(f"{i}.txt")
        leader, follower = pty.openpty()
        done = subprocess.run(
            [PROGRAM, self.dir, "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=follower,
            env={**os.environ, "TERM": "xterm"},
            timeout=60,
        )
        os.close(follower)
        shown = b""
        try:
            while piece := os.read(leader, 4096):
                shown += piece
        except OSError:
            pass  # Linux says so when the other end is closed.
        os.close(leader)
        self.assertEqual(done.returncode, 0)
        self.assertNotIn(b"\x1b", done.stdout)
        self.assertIn(b"5/5 files", shown)
        self.assertTrue(shown.endswith(b"\r\n"))
        self.assertNotIn(b"\x1b", self.run_program(self.dir).stderr.encode())

    @unittest.skipUnless(SERVER, "there is no model server")
    def test_a_model_summarises(self):
        self.write("a.txt")
        self.write("b.txt", "Coffee is black. It wakes.\n")
        for api in "openai", "responses", "anthropic":
            done = self.run_program(
                self.dir, "--model", "scripted", "--api", api,
                "--rpm", "60000", "--tpm", "10000000",
            )  # fmt: skip
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr, "")
            self.assertIn("\n  Coffee is black.\n", done.stdout)
            self.assertRegex(
                done.stdout,
                r"Summarised 2 of 2 files\.\n"
                r"Tokens: [1-9]\d* in, [1-9]\d* out\.\n$",
            )

    @unittest.skipUnless(SERVER, "there is no model server")
    def test_the_cost_stands_beside_json(self):
        self.write("a.txt")
        done = self.run_program(self.dir, "--model", "scripted", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.objects(done.stdout)[0]["status"], "ok")
        self.assertRegex(done.stderr, r"^Tokens: \d+ in, \d+ out\.\n$")

    @unittest.skipUnless(SERVER, "there is no model server")
    def test_a_busy_model_is_asked_again(self):
        self.write("a.txt")
        done = self.run_program(self.dir, "--model", "fault:429:1:ms:5")
        self.assertEqual(done.returncode, 0, done.stdout)

    @unittest.skipUnless(SERVER, "there is no model server")
    def test_a_model_that_refuses_fails_its_files_only(self):
        self.write("a.txt")
        self.write("binary", b"\x00\x01")
        done = self.run_program(self.dir, "--model", "fault:401:9", "--json")
        self.assertEqual(done.returncode, 1)
        told = {each["file"]: each for each in self.objects(done.stdout)}
        self.assertEqual(told["a.txt"]["status"], "failed")
        self.assertIn("401", told["a.txt"]["reason"])
        self.assertEqual(told["binary"]["status"], "binary")

    @unittest.skipUnless(SERVER, "there is no model server")
    def test_an_interrupt_ends_in_order_with_what_is_done(self):
        self.write("a.txt")
        self.write("binary", b"\x00\x01")
        for signal_number in signal.SIGINT, signal.SIGTERM:
            channel = SERVER + "/ch/" + signal_number.name
            running = subprocess.Popen(
                [PROGRAM, self.dir, "--json", "--model", "fault:silence",
                 "--base-url", channel + "/v1"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )  # fmt: skip
            urllib.request.urlopen(channel + "/_log?until=active:1").close()
            running.send_signal(signal_number)
            out, told = running.communicate(timeout=60)
            self.assertEqual(running.returncode, -signal_number, told)
            done = self.objects(out)
            self.assertLessEqual({each["file"] for each in done}, {"binary"})
            self.assertTrue(
                told.endswith(
                    "summarize_files: interrupted; %d of 2 files were worked "
                    "on to their end.\n" % len(done)
                ),
                told,
            )

    def start(self, *arguments):
        running = subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(running.wait)
        self.addCleanup(running.stdout.close)
        self.addCleanup(running.stderr.close)
        self.addCleanup(running.kill)
        return running

    def read_until(self, running, part):
        for line in running.stderr:
            if part in line:
                return line
        self.fail("it ended without saying: " + part)

    @unittest.skipUnless(CLUSTER, "it is built without workers")
    def test_workers_summarise_what_it_would_itself(self):
        for number in range(5):
            self.write("%d.txt" % number, GOOD * (number + 1))
        alone = self.run_program(self.dir)
        listening = self.start(self.dir, "--listen", 0)
        line = self.read_until(listening, "listens for workers on ")
        at = line.rsplit(" ", 1)[1].strip()
        worker = self.start("--worker", "--join", at)
        out, told = listening.communicate(timeout=60)
        self.assertEqual(listening.returncode, 0, told)
        self.assertEqual(out, alone.stdout)
        self.assertIn("has joined", told)
        worker.send_signal(signal.SIGTERM)
        _, told = worker.communicate(timeout=60)
        self.assertEqual(worker.returncode, 0, told)

    @unittest.skipUnless(CLUSTER, "it is built without workers")
    def test_a_worker_that_would_say_something_else_is_refused(self):
        self.write("a.txt")
        listening = self.start(self.dir, "--listen", 0, "--sentences", 2)
        line = self.read_until(listening, "listens for workers on ")
        at = line.rsplit(" ", 1)[1].strip()
        self.read_until(listening, "waits for a worker with the label " "'sentences=2'")
        other = self.start("--worker", "--join", at, "--sentences", 3)
        line = self.read_until(other, "another flow")
        self.assertIn('"sentences=2" here and "sentences=3" there', line)
        good = self.start("--worker", "--join", at, "--sentences", 2)
        out, told = listening.communicate(timeout=60)
        self.assertEqual(listening.returncode, 0, told)
        self.assertTrue(out.endswith("Summarised 1 of 1 file.\n"), out)
        good.kill()

    @unittest.skipUnless(CLUSTER, "it is built without workers")
    def test_other_machines_are_not_listened_to_without_tls(self):
        self.write("a.txt")
        done = self.run_program(self.dir, "--listen", "0.0.0.0:0")
        self.assertEqual(done.returncode, 1)
        self.assertIn("needs TLS", done.stderr)

    def test_options_of_a_model_need_one(self):
        for wrong in (
            ["--rpm", "5"],
            ["--model", ""],
            ["--model", "m", "--rpm", "0"],
            ["--model", "m", "--api", "telepathy"],
            ["--model", "m", "--base-url", "example.org"],
        ):
            done = self.run_program(self.dir, *wrong)
            self.assertEqual(done.returncode, 2, wrong)
            self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
