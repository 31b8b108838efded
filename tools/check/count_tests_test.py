"""count_tests.py counts cases of Catch2 and whole entries of anything else."""

import unittest

from count_tests import count

ENTRY = """{n}/3 Testing: {name}
{n}/3 Test: {name}
Output:
----------------------------------------------------------
{output}
<end of output>
{end}
"""


def log(*entries):
    return "Start testing\n" + "".join(
        ENTRY.format(n=number, name=f"t{number}", output=output, end=end)
        for number, (output, end) in enumerate(entries, 1))


class CountTest(unittest.TestCase):
    def test_catch2_summaries(self):
        self.assertEqual((7, 0), count(log(
            ("All tests passed (19 assertions in 7 test cases)",
             "Test Passed."))))
        self.assertEqual((1, 2), count(log(
            ("test cases: 3 | 1 passed | 2 failed", "Test Failed."))))
        self.assertEqual((0, 2), count(log(
            ("test cases: 2 | 2 failed", "Test Failed."))))

    def test_other_programs(self):
        self.assertEqual((1, 1), count(log(
            ("hello", "Test Passed."), ("bye", "Test Failed."))))

    def test_program_judged_by_its_output(self):
        self.assertEqual((1, 1), count(log(
            ("hello", "Test Pass Reason:\nRequired regular expression found."),
            ("bye", "Test Fail Reason:\nRequired regular expression not "
             "found."))))

    def test_crash_after_a_summary_is_a_failure(self):
        self.assertEqual((7, 1), count(log(
            ("All tests passed (19 assertions in 7 test cases)",
             "Test Failed."))))

    def test_nothing(self):
        self.assertEqual((0, 0), count("Start testing\n"))


if __name__ == "__main__":
    unittest.main()
