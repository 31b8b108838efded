"""Runs the program summarize_files as a user does.

    SUMMARIZE_FILES=<program> python3 summarize_files_test.py
"""

import json
import os
import pathlib
import pty
import resource
import signal
import subprocess
import tempfile
import unittest
import urllib.request

PROGRAM = os.environ["SUMMARIZE_FILES"]
SERVER = os.environ.get("MODEL_SERVER")
CLUSTER = os.environ.get("WITH_WORKERS")
STORE = SERVER and os.environ.get("WITH_STORE")
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

    def test_what_a_killed_run_left_is_removed(self):
        self.write("a.txt")
        out = self.dir / "out"
        victim = self.write("victim", "kept")
        left = self.write("out.part-0123456789abcdef", "half")
        (self.dir / "out.part-0123456789abcde1").symlink_to(victim)
        done = self.run_program(self.dir, "--json", "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(left.exists())
        self.assertFalse(out.is_symlink())
        self.assertEqual(victim.read_text(), "kept")
        self.assertEqual(
            [one["file"] for one in self.objects(out.read_text())],
            ["a.txt", "victim"],
        )

    def test_nothing_is_shown_raw(self):
        evil = b"a\x1b]0;t\x07\x1b[2J\r\xc2\x9b1m\xe2\x80\xaeb"
        path = os.fsencode(self.dir) + b"/" + evil
        with open(path, "wb") as file:
            file.write(evil + b" is a word. " + GOOD.encode())
        with open(path + b"2", "wb") as file:
            file.write(b"\x00")
        os.symlink(evil, path + b"3")
        os.symlink(b"/" + evil, path + b"4")
        os.mkfifo(path + b"5")
        out = pathlib.Path(self.folder.name) / "out"
        shown = []
        for arguments in ([], ["--out", out], ["--json"]):
            done = self.run_program(self.dir, *arguments)
            self.assertEqual(done.returncode, 1, done.stderr)
            shown += [done.stdout, done.stderr]
        found = self.objects(shown[4])
        self.assertEqual(found[0]["file"], evil.decode())
        self.assertEqual(found[0]["status"], "ok")
        shown.append(out.read_text())
        for wrong in (path, b"--" + evil, path + b"/" + evil):
            done = self.run_program(os.fsdecode(wrong))
            self.assertEqual(done.returncode, 2)
            shown.append(done.stderr)
        for text in shown:
            self.assertNotRegex(
                text, "[\0-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e]"
            )

    def test_links_that_lead_out_are_not_followed(self):
        self.write("a.txt")
        secret = pathlib.Path(self.folder.name) / "secret"
        secret.write_text("The secret is a long word. It is kept here.\n")
        (self.dir / "link").symlink_to(secret)
        (self.dir / "folder").symlink_to(secret.parent)
        done = self.run_program(self.dir)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("secret is", done.stdout)
        self.assertIn(
            "\n  link: leads out of the directory, to %s;" % secret, done.stdout
        )
        self.assertIn("\n  folder: leads out of the directory", done.stdout)
        done = self.run_program(self.dir, "--follow-links")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("The secret is a long word.", done.stdout)
        self.assertTrue(done.stdout.endswith("Summarised 2 of 2 files; 1 link "
                        "to them not repeated; 1 passed over.\n"), done.stdout)

    def test_hostile_pages_take_little_time(self):
        size = 1_000_000
        pages = {
            "less": "<" * size,
            "comments": "<!--" * (size // 4),
            "nested": "<div>" * 200_000,
            "ends": "<span>" * (size // 12) + "</em>" * (size // 10),
            "attributes": "<a "
            + " ".join("a%d" % i for i in range(size // 8))
            + ">",
        }
        for name, page in pages.items():
            self.write(name, "<html><p>%s</p>%s" % (GOOD, page))
        done = self.run_program(self.dir, "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(len(self.objects(done.stdout)), len(pages))

    def test_many_small_files_take_little_memory(self):
        for i in range(1000):
            self.write("%d.txt" % i, "A small text is here.\n")
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        done = self.run_program(self.dir, "--json", "--concurrency", 1000)
        self.assertEqual(done.returncode, 0, done.stderr)
        after = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        if b"__asan_init" not in pathlib.Path(PROGRAM).read_bytes():
            self.assertLess(max(before, after), 150 * 1024)

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

    def channel(self, name, script):
        at = SERVER + "/ch/" + name
        asked = urllib.request.Request(
            at + "/_script", json.dumps(script).encode(), method="POST"
        )
        urllib.request.urlopen(asked).close()
        return at

    @unittest.skipUnless(SERVER, "there is no model server")
    def test_what_a_model_says_is_text_of_limited_length(self):
        self.write("a.txt")
        evil = "Tea\x1b]0;t\x07 is\x1b[2J\r\u009b1m\u202e wet. "
        at = self.channel("evil", [{"reply": evil + "word " * 40_000}])
        done = self.run_program(
            self.dir, "--model", "scripted", "--base-url", at + "/v1"
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotRegex(done.stdout, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]")
        self.assertIn("Tea\ufffd]0;t\ufffd is\ufffd[2J", done.stdout)
        self.assertLess(len(done.stdout), 5000)

    @unittest.skipUnless(SERVER, "there is no model server")
    def test_no_file_outside_is_sent_to_a_model(self):
        self.write("a.txt")
        secret = pathlib.Path(self.folder.name) / "secret"
        secret.write_text("The secret is here.\n")
        (self.dir / "link").symlink_to(secret)
        at = self.channel("outside", [{"reply": "Tea."}])
        done = self.run_program(
            self.dir, "--model", "scripted", "--base-url", at + "/v1"
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with urllib.request.urlopen(at + "/_log") as log:
            told = log.read().decode()
        self.assertIn("Tea is a drink", told)
        self.assertNotIn("secret", told)

    @unittest.skipUnless(SERVER, "there is no model server")
    def test_a_killed_run_leaves_the_old_result(self):
        self.write("a.txt")
        out = pathlib.Path(self.folder.name) / "out"
        out.write_text("old")
        at = SERVER + "/ch/killed"
        running = self.start(
            self.dir, "--out", out, "--model", "fault:silence",
            "--base-url", at + "/v1",
        )  # fmt: skip
        urllib.request.urlopen(at + "/_log?until=active:1").close()
        running.kill()
        running.wait()
        self.assertEqual(out.read_text(), "old")
        self.assertEqual(len(list(out.parent.glob("out.part-*"))), 1)
        done = self.run_program(self.dir, "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Tea is a drink", out.read_text())
        self.assertEqual(list(out.parent.glob("out.part-*")), [])

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

    def numbered(self, count):
        for number in range(count):
            self.write(
                "%02d.txt" % number,
                "File %02d is about tea. It is short.\n" % number,
            )

    def job(self, at, *more):
        return [
            self.dir, "--json", "--model", "scripted", "--base-url",
            at + "/v1", "--store", self.dir.parent / "runs.db", *more,
        ]  # fmt: skip

    def asked(self, at):
        """How often a model was asked about each file."""
        counts = {}
        with urllib.request.urlopen(at + "/_log") as log:
            for each in json.load(log)["requests"]:
                text = json.dumps(each["body"])
                name = text[text.index("File ") :][5:7]
                counts[name] = counts.get(name, 0) + 1
        return counts

    @unittest.skipUnless(STORE, "it is built without a store")
    def test_a_killed_job_goes_on_and_repeats_no_finished_file(self):
        self.numbered(6)
        at = self.channel("kept", [
            {"when": "File 04", "times": 1, "reply": {"fault": "silence"}},
            {"reply": "{first_sentence}"},
        ])  # fmt: skip
        running = self.start(*self.job(at, "--concurrency", 1))
        urllib.request.urlopen(at + "/_log?until=requests:5").close()
        running.kill()
        running.wait()
        # Neither moves a summary to another file.
        self.write("00a.txt", "File 99 has come late.\n")
        (self.dir / "01.txt").unlink()
        done = self.run_program(*self.job(at, "--resume"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("goes on; 4 of 6 files are done.\n", done.stderr)
        self.assertEqual(
            {one["file"]: one["summary"] for one in self.objects(done.stdout)},
            {
                "%02d.txt" % number: "File %02d is about tea." % number
                for number in range(6)
            },
        )
        once = {"00": 1, "01": 1, "02": 1, "03": 1, "04": 2, "05": 1}
        self.assertEqual(self.asked(at), once)
        again = self.run_program(*self.job(at, "--resume"))
        self.assertEqual(again.stdout, done.stdout)
        self.assertEqual(self.asked(at), once)
        self.assertEqual(
            os.stat(self.dir.parent / "runs.db").st_mode & 0o777, 0o600
        )

    @unittest.skipUnless(STORE, "it is built without a store")
    def test_a_job_that_is_killed_again_and_again_loses_nothing(self):
        self.numbered(12)
        at = self.channel(
            "killed_often", [{"reply": "{first_sentence}", "delay_ms": 5}]
        )
        more = []
        for requests in 2, 6, 9:
            running = self.start(*self.job(at, "--concurrency", 3, *more))
            urllib.request.urlopen(
                at + "/_log?until=requests:%d" % requests
            ).close()
            running.kill()
            running.wait()
            more = ["--resume"]
        done = self.run_program(*self.job(at, "--resume"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(
            [one["summary"] for one in self.objects(done.stdout)],
            ["File %02d is about tea." % number for number in range(12)],
        )
        counts = self.asked(at)
        self.assertEqual(len(counts), 12)
        # At most those that were worked on when a kill came.
        self.assertLessEqual(sum(counts.values()), 12 + 3 * 3)

    @unittest.skipUnless(STORE, "it is built without a store")
    def test_an_interrupt_parks_a_kept_job_and_says_how_to_go_on(self):
        self.numbered(4)
        at = self.channel("parked", [
            {"when": "File 02", "times": 1, "reply": {"fault": "silence"}},
            {"reply": "{first_sentence}"},
        ])  # fmt: skip
        out = self.dir.parent / "out"
        running = self.start(*self.job(at, "--concurrency", 1, "--out", out))
        urllib.request.urlopen(at + "/_log?until=requests:3").close()
        running.send_signal(signal.SIGINT)
        shown, told = running.communicate(timeout=60)
        self.assertEqual(running.returncode, -signal.SIGINT, told)
        self.assertEqual(shown, "")
        self.assertTrue(
            told.endswith(
                "summarize_files: parked; 2 of 4 files are done. "
                "The same command with --resume goes on.\n"
            ),
            told,
        )
        self.assertEqual(list(self.dir.parent.glob("out*")), [])
        for wrong, text in (
            ([], "has a job that has not ended; go on with it by --resume"),
            (["--resume", "--sentences", 9], "with --sentences '4', and not '9'"),
        ):
            refused = self.run_program(*self.job(at, *wrong))
            self.assertEqual(refused.returncode, 1)
            self.assertIn(text, refused.stderr)
        done = self.run_program(*self.job(at, "--resume", "--out", out))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.objects(out.read_text())), 4)
        self.assertEqual(self.asked(at), {"00": 1, "01": 1, "02": 2, "03": 1})

    @unittest.skipUnless(STORE, "it is built without a store")
    def test_resume_needs_a_store_with_a_job(self):
        self.write("a.txt")
        store = self.dir.parent / "runs.db"
        for arguments, status, text in (
            (["--resume"], 2, "--resume requires --store"),
            (["--store", store, "--resume"], 1, "has no job to go on with"),
            (["--store", self.dir / "no" / "runs.db"], 1, "make it"),
            (["--store", ""], 2, "is empty; name a file"),
        ):
            done = self.run_program(self.dir, *arguments)
            self.assertEqual(done.returncode, status, done.stderr)
            self.assertIn(text, done.stderr)

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
