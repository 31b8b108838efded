"""Each kind that await_rule.py finds, and its command line."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import await_rule

FUNCTIONS = """
struct opts { std::string id = {}; int n = 0; };
task<int> plain(std::string s, int n = 3, bool b = false, colour c = colour::red);
task<int> with(std::string s, opts o = {});
task<int> titled(std::string s, std::string title = "none");
task<int> seen(std::string s, const opts& o = opts());
task<int> waits(duration d = duration::zero(), std::size_t n = width_max);
struct made { explicit made(int a, opts o = {}); };
"""

BAD = {
    "a": ["co_await call({.n = 1});", "co_await call(opts{.n = 1});",
          "auto o = opts{co_await f(), 2};", "opts o{co_await f(), 2};",
          "co_await call(opts{});", "co_await call({});"],
    "b": ["co_await run([x] { return x; });",
          "co_await run([&] { return 1; });"],
    "c": ['co_await echo(a.empty() ? "none" : a);',
          "auto r = a.empty() ? std::string{} : co_await f(a);",
          "auto r = b ? co_await f(a) : co_await f(c);",
          "co_await echo(b ? a + x : c);", "co_await echo(b ? make(a) : c);",
          "co_await echo(b ? std::move(a) : c);",
          "co_await echo(x ? a : y ? make(a) : c);",
          "auto r = co_await f() + (b ? make(a) : c);"],
    "d": ["co_await with(a);", "auto r = co_await with(a);",
          "co_await titled(a);", "co_await seen(a);",
          "co_await take(made(3));", "co_return co_await with(g(a, b));"],
    "e": ["co_await call({1, text});", 'co_await m.embed({"a", "b"});', "co_await sum({1, 2, 3});",
          "co_await box.send(json{{x}});", "co_await box.send(json{x});",
          "co_await start(flow, {{x, 1}});"],
}
GOOD = {
    "a": ["opts o{1, 2}; co_await call(o);", "co_await call(make_opts());",
          "co_await call(int{3});", "co_await call(std::pair{a, b});"],
    "b": ["auto g = [x] { return x; }; co_await run(g);",
          "co_await run([] { return 1; });"],
    "c": ["co_await echo(b ? a : c);", "co_await f(b ? 1 : 2);",
          "co_await f(b ? *a : x.y->z[i]);", "co_await f(b ? 1ms : 2ms);",
          'co_await echo(b ? "one" : "two");', "auto r = b ? a + x : c;",
          "if (b ? co_await f() : false) g();",
          "co_await f(b ? a.size() : 0);",
          "if (b) { co_await f(); } else { auto x = b ? a + x : c; }"],
    "d": ["co_await plain(a);", "co_await with(a, o);", "with(a);",
          "co_await titled(a, b);", "co_await waits();",
          "opts o; co_await seen(a, o);"],
    "e": ["std::vector<int> v{1, 2}; co_await sum(v);",
          "co_await echo(std::string{text});"],
}


def found(text):
    code = FUNCTIONS + "task<int> outer() { " + text + " }"
    return list(await_rule.findings(code))


class KindsTest(unittest.TestCase):
    def expect(self, kind):
        for text in BAD[kind]:
            with self.subTest(text):
                self.assertNotEqual([], found(text))
        for text in GOOD[kind]:
            with self.subTest(text):
                self.assertEqual([], found(text))

    def test_a_aggregates_and_braces_around_a_wait(self):
        self.expect("a")

    def test_b_lambdas_with_captures(self):
        self.expect("b")

    def test_c_choices_that_make_an_object(self):
        self.expect("c")

    def test_d_default_arguments_of_a_class(self):
        self.expect("d")

    def test_e_lists_in_braces(self):
        self.expect("e")

    def test_each_kind_has_its_advice(self):
        texts = {kind: found(BAD[kind][-1])[0][1] for kind in BAD}
        self.assertEqual(len(BAD), len(set(texts.values())))


class CommandLineTest(unittest.TestCase):
    def run_on(self, files, *names):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                Path(folder, name).write_text(text, encoding="utf-8")
            return subprocess.run(
                [sys.executable, await_rule.__file__, *names], cwd=folder,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True, text=True, check=False)

    def test_a_finding_is_printed_with_its_place(self):
        bad = "task<int> f() {\n  co_await g({1, 2});\n}\n"
        ended = self.run_on({"a.cpp": bad, "b.cpp": "int x;\n"},
                            "a.cpp", "b.cpp")
        self.assertEqual(1, ended.returncode)
        self.assertTrue(ended.stdout.startswith("a.cpp:2: "), ended.stdout)
        self.assertIn("name it first", ended.stdout)

    def test_nothing_is_printed_where_nothing_is_found(self):
        ended = self.run_on({"a.cpp": "int x;\n"}, "a.cpp")
        self.assertEqual((0, ""), (ended.returncode, ended.stdout))

    def test_default_arguments_of_other_files_are_known(self):
        files = {"h.hpp": "task<int> with(int a, opts o = {});\n",
                 "a.cpp": '#include "h.hpp"\n'
                          "task<int> f() { co_return co_await with(1); }\n"}
        self.assertEqual(1, self.run_on(files, "a.cpp").returncode)

    def test_what_a_file_includes_is_checked_where_asked_for(self):
        files = {"h.hpp": "task<int> f() {\n  co_await g({1, 2});\n}\n",
                 "a.cpp": '#include "h.hpp"\n#include "h.hpp"\n'}
        self.assertEqual(0, self.run_on(files, "a.cpp").returncode)
        ended = self.run_on(files, "--includes", "a.cpp", "h.hpp")
        self.assertEqual(1, ended.returncode)
        self.assertEqual(1, ended.stdout.count("h.hpp:2: "), ended.stdout)
        self.assertEqual(1, self.run_on(files, "--includes", "a.cpp").returncode)

    def test_blocks_and_spans_of_markdown_are_read(self):
        block = "text\n```cpp\nco_await g({1, 2});\n```\n"
        ended = self.run_on({"a.md": block}, "a.md")
        self.assertTrue(ended.stdout.startswith("a.md:3: "), ended.stdout)
        span = "| `co_await g({1, 2})` |\n"
        self.assertEqual(1, self.run_on({"a.md": span}, "a.md").returncode)
        other = "```sh\nco_await g({1, 2});\n```\n"
        self.assertEqual(0, self.run_on({"a.md": other}, "a.md").returncode)

    def test_without_files_it_explains_itself(self):
        ended = self.run_on({})
        self.assertEqual(2, ended.returncode)
        self.assertIn("await_rule.py [--includes] FILE...", ended.stdout)
        self.assertEqual(2, self.run_on({}, "none.cpp").returncode)


if __name__ == "__main__":
    unittest.main()
