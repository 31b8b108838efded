"""Tests of the program troupe on stores of runs.

    troupe_cli_test.py TROUPE MAKE_STORE SCHEMA
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

TROUPE, MAKE_STORE, SCHEMA = sys.argv[1:4]

TYPES = {"string": str, "boolean": bool, "object": dict, "array": list,
         "null": type(None)}


def faults_of(form, schema, whole, place="$"):
    """The places at which a form breaks those rules of JSON Schema that the
    file uses."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return faults_of(form, whole["$defs"][name], whole, place)
    if "anyOf" in schema:
        if any(not faults_of(form, each, whole) for each in schema["anyOf"]):
            return []
        return [f"{place}: {form!r} is none of its kinds"]
    if "enum" in schema and form not in schema["enum"]:
        return [f"{place}: {form!r} is not one of {schema['enum']}"]
    faults = []
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_of(form, kind) for kind in kinds):
        return [f"{place}: {form!r} is no {kinds}"]
    if isinstance(form, dict):
        members = schema.get("properties", {})
        more = schema.get("additionalProperties", {})
        for key in schema.get("required", []):
            if key not in form:
                faults.append(f"{place}: without '{key}'")
        for key, item in form.items():
            if key not in members and more is False:
                faults.append(f"{place}: '{key}' is not in the schema")
            else:
                faults += faults_of(item, members.get(key, more), whole,
                                    f"{place}.{key}")
    if isinstance(form, list):
        for i, item in enumerate(form):
            faults += faults_of(item, schema.get("items", {}), whole,
                                f"{place}[{i}]")
    return faults


def is_of(form, kind):
    if kind == "integer":
        return isinstance(form, int) and not isinstance(form, bool)
    return isinstance(form, TYPES[kind])


class StoreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.mkdtemp()
        cls.made = os.path.join(cls.place, "made.db")
        subprocess.run([MAKE_STORE, cls.made], check=True, timeout=120)
        with open(SCHEMA, encoding="utf-8") as file:
            cls.schema = json.load(file)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.place)

    def setUp(self):
        self.file = os.path.join(tempfile.mkdtemp(dir=self.place), "runs.db")
        subprocess.run([MAKE_STORE, self.file], check=True, timeout=120)

    def troupe(self, *words, status=0, file=None):
        ran = subprocess.run([TROUPE, "--store", file or self.file, *words],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=120)
        self.assertEqual(ran.returncode, status,
                         f"{words}: {ran.stdout}{ran.stderr}")
        return ran

    def forms(self, *words, status=0):
        """The forms that a command writes, each as its schema says."""
        ran = self.troupe(*words, "--json", status=status)
        forms = [json.loads(line) for line in ran.stdout.splitlines()]
        name = " ".join(words[:2])
        for form in forms:
            kind = "error" if "code" in form else name
            self.assertEqual(
                faults_of(form, self.schema["$defs"][kind], self.schema), [])
        return forms

    def form(self, *words, status=0):
        forms = self.forms(*words, status=status)
        self.assertEqual(len(forms), 1, forms)
        return forms[0]

    def ids(self, *words):
        return [run["id"] for run in self.form("runs", "list", *words)["runs"]]

    def resume_all(self):
        ran = subprocess.run([MAKE_STORE, self.file, "resume"],
                             stdout=subprocess.PIPE, text=True, check=True,
                             timeout=120)
        return {line.split(" ")[0]: line for line in ran.stdout.splitlines()}


class Reading(StoreTest):
    def setUp(self):
        self.file = self.made

    def test_list_and_filters(self):
        self.assertEqual(
            self.ids(), ["bad", "bad-item", "good-1", "good-2", "live",
                         "parked"])
        self.assertEqual(self.ids("--status", "parked"), ["live", "parked"])
        self.assertEqual(self.ids("--flow", "order", "--status", "failed",
                                  "--status", "parked"), ["bad"])
        self.assertEqual(self.ids("--failure", "was declined"), ["bad"])
        self.assertEqual(self.ids("--failure", "%"), [])
        self.assertEqual(self.ids("--version", "none"), [])
        self.assertEqual(self.ids("--older-than", "1h"), [])
        self.assertEqual(len(self.ids("--older-than", "0s")), 6)

    def test_list_in_pages(self):
        first = self.form("runs", "list", "--limit", "4")
        self.assertEqual(first["next"], "good-2")
        self.assertEqual(self.ids("--after", first["next"]),
                         ["live", "parked"])

    def test_text_is_safe_for_a_terminal(self):
        for words in (["runs", "list"], ["runs", "show", "bad"],
                      ["runs", "why", "bad"]):
            ran = self.troupe(*words)
            self.assertNotIn("\x1b", ran.stdout)
            self.assertIn("declined", ran.stdout)

    def test_show(self):
        shown = self.form("runs", "show", "good-1")
        self.assertEqual(shown["run"]["status"], "finished")
        self.assertEqual(shown["run"]["steps"], 3)

    def test_what_is_not_there(self):
        for verb in ("show", "why", "state", "history", "events", "tail",
                     "diff"):
            answer = self.form("runs", verb, "none", status=1)
            self.assertEqual(answer["code"], "missing_key", verb)
        self.form("runs", "state", "good-1", "--step", "9", status=1)

    def test_usage(self):
        for words in (["runs"], ["runs", "walk"], ["runs", "show"],
                      ["runs", "list", "--status", "asleep"],
                      ["runs", "list", "--older-than", "soon"],
                      ["runs", "cancel"], ["runs", "fork", "good-1"],
                      ["runs", "cancel", "good-1", "--flow", "order"],
                      ["runs", "gc"], ["runs", "gc", "--status", "running"],
                      ["runs", "settle", "good-1", "e"], ["store", "backup"]):
            self.troupe(*words, status=2)
        ran = subprocess.run([TROUPE, "runs", "list"], timeout=60,
                             stderr=subprocess.PIPE, text=True)
        self.assertEqual(ran.returncode, 2)
        self.assertIn("--store", ran.stderr)

    def test_no_store(self):
        none = os.path.join(self.place, "none.db")
        for words in (["runs", "list"], ["runs", "cancel", "r"],
                      ["store", "info"], ["store", "check"],
                      ["store", "compact"], ["runs", "gc", "--all"]):
            self.troupe(*words, status=3, file=none)
            self.assertFalse(os.path.exists(none))

    def test_history(self):
        steps = self.form("runs", "history", "good-1")["steps"]
        self.assertEqual([step["step"] for step in steps], [0, 1, 2])
        self.assertEqual([step["node"] for step in steps[1:]],
                         ["pay", "close"])
        addresses = {step["address"] for step in
                     self.form("runs", "history", "bad-item")["steps"]}
        self.assertIn("1.1", addresses)

    def test_state_and_difference(self):
        state = self.form("runs", "state", "good-1")["state"]
        self.assertEqual(state, {"n": 1, "opened": 1, "paid": True,
                                 "closed": 1})
        state = self.form("runs", "state", "good-1", "--step", "0")["state"]
        self.assertEqual(state, {"n": 1, "opened": 1})
        state = self.form("runs", "state", "good-1", "--at-start")["state"]
        self.assertEqual(state, {"n": 1})
        changes = self.form("runs", "diff", "good-1", "--from", "0", "--to",
                            "1")["changes"]
        self.assertEqual([(each["path"], each["had"], each["after"])
                          for each in changes], [("/paid", False, True)])
        self.assertEqual(
            self.form("runs", "diff", "good-1", "good-2")["changes"], [])

    def test_why_names_the_deepest_step(self):
        why = self.form("runs", "why", "bad-item")
        self.assertEqual(why["address"], "1.1")
        self.assertIn("item 1 is bad",
                      why["chain"][-1]["failure"]["message"])
        self.assertTrue(why["node"].endswith("work"), why["node"])
        self.assertEqual(why["last"]["address"], "1.1")
        self.assertEqual([each["path"] for each in
                          self.form("runs", "why", "bad")["changes"]],
                         ["/opened"])

    def test_why_tells_where_a_run_waits(self):
        why = self.form("runs", "why", "parked")
        self.assertEqual(why["chain"], [])
        self.assertEqual(why["node"], "later")
        self.assertGreater(why["due_ms"], 0)

    def test_events_have_a_cursor(self):
        events = self.forms("runs", "events", "good-1")
        self.assertEqual(len(events), 3)
        rest = self.forms("runs", "events", "good-1", "--after",
                          str(events[0]["number"]))
        self.assertEqual(rest, events[1:])

    def test_tail_ends_with_the_run(self):
        forms = self.forms("runs", "tail", "good-1")
        self.assertEqual(forms[-1]["run"]["status"], "finished")


class Changing(StoreTest):
    def test_cancel(self):
        done = self.form("runs", "cancel", "parked", "good-1", status=1)
        self.assertEqual([each["ok"] for each in done["runs"]], [True, False])
        self.assertEqual(self.ids("--status", "cancelled"), ["parked"])

    def test_cancel_by_filter(self):
        words = ["runs", "cancel", "--flow", "waiting", "--reason", "too long"]
        done = self.form(*words, "--dry-run")
        self.assertEqual([each["run"] for each in done["runs"]],
                         ["live", "parked"])
        self.assertEqual(self.ids("--status", "cancelled"), [])
        self.form(*words)
        self.assertEqual(self.ids("--failure", "too long"),
                         ["live", "parked"])

    def test_resume(self):
        self.form("runs", "resume", "--status", "failed", "--flow", "order")
        self.assertEqual(self.ids("--status", "parked"),
                         ["bad", "live", "parked"])
        self.assertTrue(self.form("runs", "show", "bad")["run"]["released"])
        self.form("runs", "resume", "good-1", status=1)
        done = self.resume_all()
        self.assertIn("resumed failed", done["bad"])

    def test_fork(self):
        made = self.form("runs", "fork", "bad", "--step", "0", "--edits",
                         '{"broken": false}', "--id", "mended")
        self.assertEqual(made, {"id": "mended", "forked_from": "bad",
                                "after_step": 0, "next": "pay",
                                "over": False})
        run = self.form("runs", "show", "mended")["run"]
        self.assertEqual((run["forked_from"], run["forked_at"]), ("bad", 1))
        self.assertIn("finished", self.resume_all()["mended"])
        state = self.form("runs", "state", "mended")["state"]
        self.assertEqual(state["opened"], 1)
        self.assertEqual(state["closed"], 1)
        self.form("runs", "fork", "bad", "--step", "0", "--id", "mended",
                  status=1)

    def test_fork_says_whether_its_step_is_done_again(self):
        ran = self.troupe("runs", "fork", "bad", "--step", "0")
        self.assertIn("step 0 is not done again", ran.stdout)
        self.assertIn("pay", ran.stdout)
        self.troupe("runs", "fork", "bad", "--from-start", "--edits", "[1]",
                    status=1)
        self.troupe("runs", "fork", "bad", "--from-start", "--edits", "{",
                    status=1)

    def test_gc(self):
        words = ["runs", "gc", "--status", "finished"]
        self.assertEqual(self.form(*words, "--dry-run")["purged"], 2)
        self.assertEqual(self.form(*words)["purged"], 2)
        self.assertEqual(self.ids(), ["bad", "bad-item", "live", "parked"])
        self.assertEqual(
            self.form("runs", "gc", "--older-than", "1d")["purged"], 0)
        self.assertEqual(self.form("runs", "gc", "--all")["purged"], 2)

    def test_settle_of_an_effect_that_is_not_there(self):
        self.form("runs", "settle", "parked", "pay", "--result", "1", status=1)

    def test_store(self):
        self.assertTrue(self.form("store", "check")["sound"])
        info = self.form("store", "info")
        self.assertEqual(info["runs"]["finished"], 2)
        self.assertIsNone(info["owner"])
        copy = self.file + ".copy"
        self.form("store", "backup", copy)
        self.assertEqual(stat.S_IMODE(os.stat(copy).st_mode), 0o600)
        self.form("store", "backup", copy, status=3)
        self.form("store", "compact")
        self.assertTrue(self.form("store", "check")["sound"])


class Owned(StoreTest):
    """While another process owns the store."""

    def setUp(self):
        self.file = os.path.join(tempfile.mkdtemp(dir=self.place), "runs.db")
        self.owner = subprocess.Popen([MAKE_STORE, self.file, "own"],
                                      stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        self.assertEqual(self.owner.stdout.readline(), "ready\n")

    def tearDown(self):
        self.owner.stdin.close()
        self.assertEqual(self.owner.wait(timeout=120), 0)
        self.owner.stdout.close()

    def test_reading_and_changing(self):
        self.assertEqual(self.ids("--status", "running"), ["live", "parked"])
        self.assertEqual(self.form("store", "info")["owner"]["process"],
                         self.owner.pid)
        self.assertTrue(self.form("store", "check")["sound"])
        tail = subprocess.Popen([TROUPE, "--store", self.file, "runs", "tail",
                                 "live"], stdout=subprocess.PIPE, text=True)
        self.form("runs", "cancel", "live")
        said, _ = tail.communicate(timeout=60)
        self.assertIn("the run is over: cancelled", said)
        self.assertEqual(self.ids("--status", "cancelled"), ["live"])
        self.form("runs", "fork", "bad", "--step", "0", "--id", "f")
        self.form("runs", "resume", "bad")
        self.assertEqual(self.ids("--status", "parked"), ["bad", "f"])
        self.assertEqual(self.form("runs", "gc", "--all")["purged"], 4)
        self.form("store", "backup", self.file + ".copy")
        self.form("store", "compact")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
