"""Each rule of tidy.py finds what it must and leaves alone what it must."""

import pathlib
import unittest

import await_rule
import rooms
import tidy

SOURCE = "runtime/src/flow/flow.cpp"


def rules(text, path=SOURCE):
    lines = text.splitlines()
    return {rule for line, rule, _ in tidy.check_file(path, text)
            if not tidy.is_allowed(lines, line, rule)}


class RulesTest(unittest.TestCase):
    def expect(self, rule, text, path=SOURCE):
        self.assertIn(rule, rules(text, path))

    def expect_none(self, text, path=SOURCE):
        self.assertEqual(set(), rules(text, path))

    def test_width(self):
        self.expect("width", "int a;" + "/" * 75)
        self.expect_none("//" + "x" * 78)

    def test_space(self):
        self.expect("space", "int a; ")

    def test_todo(self):
        self.expect("todo", "// TODO: later")
        self.expect("todo", "// TODO(someone): later")
        self.expect_none("// TODO(#12): later")

    def test_runtime_knows_neither_caf_nor_threads(self):
        self.expect("include", "#include <caf/all.hpp>")
        self.expect("include", "#include <mutex>")
        self.expect_none("#include <caf/all.hpp>", "actors/src/flow.cpp")

    def test_sleeping(self):
        path = "tests/runtime/flow/flow_test.cpp"
        self.expect("sleep", "std::this_thread::sleep_for(seconds{1});", path)
        self.expect_none("co_await troupe::sleep_for(seconds{1});", path)

    def test_clock(self):
        call = "auto now = std::chrono::steady_clock::now();"
        self.expect("clock", call)
        self.expect_none(call, "actors/src/clock.cpp")
        self.expect_none(call + "  // tidy: allow clock")

    def test_spans(self):
        path = "actors/src/core/run_core.cpp"
        self.expect("span", "const auto due = clock.now() + limit;", path)
        self.expect("span", "const auto due = now + limit;", path)
        self.expect("span", "due = now_ + 5ms;", "runtime/src/lease.cpp")
        self.expect("span", "changed.wait_for(lock, limit);", path)
        self.expect("span", "changed_.wait_until(a_lock, due);", path)
        self.expect_none("const auto due = after(clock.now(), limit);", path)
        self.expect_none("return core_->wait_for(limit);", path)
        self.expect_none("const auto due = sim.now() + 1h;",
                         "tests/actors/flows/run_test.cpp")
        self.expect_none("#pragma once\nchanged.wait_until(lock, due);",
                         "actors/src/threads/wait_at_most.hpp")

    def test_printing(self):
        self.expect("call", "std::cout << 1;")
        self.expect("call", "std::abort();")
        self.expect("call", "std::exit(1);")
        self.expect_none("on_exit();")
        self.expect_none("std::cout << 1;", "examples/hello.cpp")

    def test_json_from_outside(self):
        self.expect("json", "auto form = json::parse(text);")
        self.expect("json", "auto form = nlohmann::json::parse(text);",
                    "examples/summarize/report.cpp")
        self.expect("json", "auto form = json::from_cbor(bytes);",
                    "runtime/remote/src/wire/messages.cpp")
        self.expect("json", "text = form.dump(-1);", "actors/src/a.cpp")
        self.expect_none("auto form = read_json(text);")
        self.expect_none("auto form = json::parse(text);",
                         "tests/runtime/document/value_test.cpp")

    def test_regular_expressions(self):
        self.expect("regex", "#include <regex>")
        self.expect("regex", "std::regex each{text};")

    def test_using_directive(self):
        self.expect("namespace", "using namespace caf;")
        self.expect_none("using namespace std::chrono_literals;")

    def test_names_and_places(self):
        self.expect("name", "", "runtime/src/Flow.cpp")
        self.expect("name", "", "runtime/src/json_utils.cpp")
        self.expect("place", "", "runtime/flow.cpp")
        self.expect("place", "", "tests/runtime/flow.cpp")
        self.expect("place", "", "actors/llm/http.cpp")
        self.expect_none("", "tests/runtime/flow/flow_test.cpp")
        self.expect_none("", "actors/llm/src/http/http.cpp")

    def test_sizes(self):
        self.expect("size", "\n" * 401)
        self.expect("size", "#pragma once\n" * 221,
                    "runtime/include/troupe/flow.hpp")
        self.expect_none("\n" * 400)

    def test_guard(self):
        self.expect("guard", "int a;", "runtime/include/troupe/flow.hpp")

    def test_function_length(self):
        body = "  a();\n" * 69
        self.expect("function", "void f() {\n" + body + "}\n")
        self.expect("function",
                    "namespace x {\nstruct y {\nvoid f() const {\n" + body +
                    "}\n};\n}\n")
        self.expect_none("namespace x {\nvoid f() {\n" + body[7:] +
                         "}\nvoid g() {\n" + body[7:] + "}\n}\n")

    def test_await_in_documentation(self):
        self.expect("await", "#pragma once\n/// ```\n"
                    "/// co_await f([x] { return x; });\n/// ```\n",
                    "runtime/include/troupe/flow.hpp")


class AwaitTest(unittest.TestCase):
    BAD = [
        "co_await f([x] { return x; });",
        "co_await f([&] { return 1; });",
        "co_await f([=]() mutable -> int { return 1; });",
        "co_await [x]() -> task<int> { co_return x; }();",
        "auto y = co_await f(message{1, text});",
        "co_await f({1, text});",
        "co_await f({.a = 1, .b = text});",
        "message m{1, co_await f()};",
        "auto m = message{co_await f(), 2};",
        "g(message{1, text}, co_await f());",
        "co_return message{1, co_await f()};",
        "if (co_await f(message{1})) g();",
        "for (auto x = co_await f({1}); x; ++x) g();",
        "while (co_await f([x] {})) { g(); }",
        "run([x](int y) -> task<int> { co_return co_await f({y}); });",
        "co_yield item{1, text};",
        "co_await std::move(a).then(vector<int>{b});",
    ]
    GOOD = [
        "auto g = [x] { return x; }; co_await f(g);",
        "message m{1, text}; co_await f(m);",
        "co_await f([] { return 1; });",
        "co_await f(a[1], b[i]);",
        "co_await sleep_for(std::chrono::milliseconds{5});",
        "co_return message{1, text};",
        "run([x]() -> task<int> { co_return co_await f(x); });",
        "auto [a, b] = co_await f();",
        "auto& [a, b] = co_await f();",
        "if (co_await f()) { message m{1, text}; }",
        "for (auto x : list{1, 2}) { co_await f(x); }",
        "if (a == b{1}) co_await f();",
        "struct s { int a{1}; task<int> g() { co_return co_await f(); } };",
        "// co_await f({1});",
        'log("co_await f({1})"); g({1});',
        "[[maybe_unused]] auto x = co_await f();",
        "enum class e : int { a, b }; task<int> g() { co_await f(); }",
        "x::x(int a) : a_{a} {} task<int> g() { co_await f(); }",
        "try { co_await f(); } catch (const error& e) { g({1}); }",
        "switch (a) { case 1: { co_await f(); } default: g({1}); }",
    ]

    def test_bad_expressions_are_found(self):
        for text in self.BAD:
            with self.subTest(text):
                code = "task<int> outer() { " + text + " }"
                self.assertNotEqual([], list(await_rule.findings(code)))

    def test_good_expressions_are_left_alone(self):
        for text in self.GOOD:
            with self.subTest(text):
                code = "task<int> outer() { " + text + " }"
                self.assertEqual([], list(await_rule.findings(code)))


class RoomsTest(unittest.TestCase):
    SOURCES = {"actors/src/core/run_core.hpp", "actors/src/run/fan_out.hpp",
               "actors/src/api/start.hpp"}

    def found(self, path, include):
        lines = [f'#include "{include}"']
        return [*rooms.check_includes(path, lines, self.SOURCES)]

    def test_a_room_does_not_know_those_above(self):
        self.assertTrue(self.found("actors/src/core/a.cpp", "run/fan_out.hpp"))
        self.assertFalse(self.found("actors/src/run/a.cpp",
                                    "core/run_core.hpp"))
        self.assertFalse(self.found("actors/src/run/a.cpp", "run/fan_out.hpp"))

    def test_other_libraries_use_shared_rooms_only(self):
        self.assertTrue(self.found("actors/llm/src/mcp/a.cpp",
                                   "api/start.hpp"))
        self.assertFalse(self.found("actors/llm/src/mcp/a.cpp",
                                    "core/run_core.hpp"))

    def test_each_source_lies_in_a_room(self):
        self.assertTrue(self.found("actors/src/a.cpp", "core/run_core.hpp"))
        self.assertTrue(self.found("actors/src/attic/a.cpp",
                                   "core/run_core.hpp"))

    def test_folders_have_bounds(self):
        root = pathlib.Path(__file__).resolve().parents[2]
        many = {f"bench/a{i}.cpp" for i in range(rooms.FILES_MAX)}
        self.assertFalse([*rooms.check_folders(root, many)])
        self.assertTrue([*rooms.check_folders(root, many | {"bench/b.cpp"})])


if __name__ == "__main__":
    unittest.main()
