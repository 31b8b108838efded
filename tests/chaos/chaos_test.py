"""Tests of what the chaos test makes of what it has seen."""

import argparse
import asyncio
import contextlib
import io
import pathlib
import tempfile
import unittest

from chaos import Chaos


class Child:
    def __init__(self, name, failure=None):
        self.name = name
        self.failure = failure
        self.is_killed = False

    async def kill(self):
        if self.failure:
            raise self.failure
        self.is_killed = True


class ChaosTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        options = argparse.Namespace(seed=1, lanes=2)
        self.chaos = Chaos(options, pathlib.Path(folder.name))
        self.addCleanup(self.chaos.log.file.close)

    def verdict_after(self, kills):
        self.chaos.counts["kill"] = kills
        self.chaos.supervisor.stopped = 0
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            _, is_good = self.chaos.verdict()
        return is_good, printed.getvalue()

    def test_kills_after_which_nothing_begins_again_are_wrong(self):
        is_good, printed = self.verdict_after(kills=3)
        self.assertFalse(is_good)
        self.assertIn("no work began again", printed)

    def test_a_few_kills_may_meet_no_work(self):
        is_good, _ = self.verdict_after(kills=2)
        self.assertTrue(is_good)

    def test_a_process_that_cannot_be_killed_spares_no_other(self):
        stuck = Child("w1", ValueError("no such thing"))
        others = [Child("w2"), Child("supervisor")]
        self.chaos.workers = [stuck, others[0]]
        self.chaos.supervisor = others[1]
        troubles = asyncio.run(self.chaos.kill_all())
        self.assertTrue(all(each.is_killed for each in others))
        self.assertEqual(len(troubles), 1)
        self.assertIn("w1 cannot be killed", troubles[0])


if __name__ == "__main__":
    unittest.main()
