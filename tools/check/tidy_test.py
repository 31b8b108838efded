"""Each rule of tidy.py finds what it must and leaves alone what it must."""

import pathlib
import unittest

import advice
import await_rule
import dead_rule
import declarations
import pre_rule
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
        read = "auto now = std::chrono::steady_clock::now();"
        for text in (
                read,
                "auto now = std::chrono::system_clock\n    ::now();",
                "using clock = std::chrono::steady_clock;\n"
                "auto now = clock::now();",
                "auto now = Clock::now();",
                "void f() { now = std::time(nullptr); }",
                "void f() { now = time(0); }",
                "void f() { ::gettimeofday(&now, nullptr); }",
                "void f() { ask(CLOCK_REALTIME, clock_gettime); }"):
            with self.subTest(text):
                self.expect("clock", text)
                self.expect("clock", text, "tools/troupe/main.cpp")
        self.expect_none(read, "runtime/src/base/clock.cpp")
        self.expect_none(read, "tests/runtime/flow/flow_test.cpp")
        self.expect_none(read + "  // tidy: allow clock")
        self.expect_none("void f() { now = clock::steady().now(); }")
        self.expect_none("void f() { now = this->actor::now(); }")
        self.expect_none("time_point wheel::now() const { return now_; }")

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


class DeadTest(unittest.TestCase):
    HEADER = "actors/src/run/a.hpp"
    FOR_USERS = "runtime/include/troupe/a.hpp"

    def found(self, header, source="", path=HEADER, pages=""):
        usage = dead_rule.Usage({path: header, "actors/src/run/b.cpp": source})
        return [line for _, line, *_ in dead_rule.find(usage, pages)]

    def test_what_nothing_uses_is_dead(self):
        for text in ("void f(int a);", "template <class T>\nstruct f;",
                     "struct f {};", "enum class f { };", "using f = int;",
                     "inline constexpr int f = 1;", "int f{1};",
                     "std::function<void(int)> f(std::map<int, int> x);",
                     "[[nodiscard]] inline int f() { return 1; }",
                     "concept f = requires(int x) { x.g(); };"):
            with self.subTest(text):
                self.assertTrue(self.found(text))

    def test_members_and_enumerators_count(self):
        used = "void g() { a x; x.g(); }"
        for text in ("void f();", "int f;", "static int f{1};", "int f_ = 1;",
                     "enum { f };", "std::map<int, int> f;",
                     "int g() { return 1; } int f[2];"):
            with self.subTest(text):
                self.assertTrue(self.found(f"struct a {{ {text} }};", used))

    def test_a_definition_is_no_use(self):
        self.assertTrue(self.found("struct a { void f(); };",
                                   "void a::f() { g(); } a x;"))
        self.assertTrue(self.found("int f(int x);",
                                   "int f(int x) { return x; }"))
        self.assertTrue(self.found("struct f; class g { friend struct f; };",
                                   "g x;"))

    def test_a_variable_of_the_name_is_no_use(self):
        self.assertTrue(self.found("void f();",
                                   "void g() { int f = 1; h(f); }"))

    def test_uses(self):
        for header, source in (
                ("void f(int a);", "void g() { f(1); }"),
                ("void f(int a);", "void g() { if (x) f(1); else f(2); }"),
                ("void f(int a);", "void g() { run(f); }"),
                ("void f(int a);", "auto g = &n::f;"),
                ("struct f { int x; };", "auto g() { auto [x] = f{1}; }"),
                ("struct f { int x; };", "auto g = f{.x = 1};"),
                ("#define M(x) x f\nusing f = int;", ""),
                ("enum class f { a };", "auto g = f::a;"),
                ("struct f { f(); ~f(); };", "f g;")):
            with self.subTest(header):
                self.assertFalse(self.found(header, source))

    def test_what_others_call_is_used(self):
        self.assertFalse(self.found("struct a { bool await_ready(); };",
                                    "a x;"))
        self.assertFalse(self.found("struct a { void f() override; };", "a x;"))
        self.assertFalse(self.found("struct a { a& operator=(a x); };", "a x;"))

    def test_pages_use_what_is_for_users(self):
        self.assertTrue(self.found("void f();", path=self.FOR_USERS))
        self.assertFalse(self.found("void f();", path=self.FOR_USERS,
                                    pages="Call `f()`."))
        self.assertTrue(self.found("void f();", pages="Call `f()`."))
        self.assertTrue(self.found("class a { void f(); };", "a x;",
                                   self.FOR_USERS, "Call `f()`."))


class PreTest(unittest.TestCase):
    def found(self, header, source=""):
        sources = {"runtime/src/base/a.hpp": header,
                   "runtime/src/base/a.cpp": source}
        usage = dead_rule.Usage(sources)
        return [line for _, line, *_ in
                pre_rule.find(sources, usage.declarations)]

    def test_a_body_in_the_header(self):
        text = "/// @pre `x`\nint f(int x) {{ {} return x; }}"
        self.assertEqual([1], self.found(text.format("")))
        self.assertEqual([], self.found(text.format("assert(x);")))

    def test_a_body_in_a_source(self):
        for header, source in (
                ("namespace n {\n/// A. @pre b\n/// C.\nint f(int x);\n}",
                 "namespace n { int f(int x) { %s } }"),
                ("struct n {\n  /// @pre b\n  int f(int x = 1);\n};",
                 "int n::f(int x) { %s }"),
                ("struct n {\n  /// @pre b\n  explicit n(int x);\n};",
                 "n::n(int x) : x_{x} { %s }"),
                ("struct n {\n  /// @pre b\n  ~n();\n};", "n::~n() { %s }")):
            with self.subTest(header):
                self.assertTrue(self.found(header, source % ""))
                self.assertFalse(self.found(header, source % "assert(x);"))

    def test_the_overload_that_is_meant(self):
        header = "int f(char x);\n/// @pre b\nint f(int x);"
        source = "int f(char x) {{ {} }}\nint f(int x) {{ {} }}"
        self.assertTrue(self.found(header, source.format("assert(x);", "")))
        self.assertFalse(self.found(header, source.format("", "assert(x);")))

    def test_another_class_does_not_count(self):
        header = "struct n {\n  /// @pre b\n  int f();\n};"
        self.assertTrue(self.found(
            header, "int m::f() { assert(x); }\nint n::f() {}"))

    def test_operators_and_what_has_no_body(self):
        text = "struct n {\n/// @pre b\nint operator()(int x) { %s }\n};"
        self.assertTrue(self.found(text % ""))
        self.assertFalse(self.found(text % "assert(x);"))
        self.assertTrue(self.found(
            "struct n {\n/// @pre b\n~n() = default;\n};"))
        self.assertTrue(self.found("struct n {\n/// @pre b\nint x;\n};"))

    def test_overriders_check_for_what_is_pure(self):
        header = "struct n {\n/// @pre b\nvirtual int f() = 0;\n};"
        self.assertTrue(self.found(header, "struct m : n { int f() {} };"))
        self.assertFalse(self.found(
            header, "struct m : n { int f() override { assert(x); } };"))


class AdviceTest(unittest.TestCase):
    PATH = "runtime/include/troupe/a.hpp"

    def told(self, text, path=PATH, glossary="", decisions=""):
        tree, declared = declarations.read(path, text)
        return [*advice.find({path: text}, declared, {path: tree}, glossary,
                             decisions)]

    def test_crowded_folders(self):
        few = [f"bench/a{i}.cpp" for i in range(advice.FILES_WANTED)]
        self.assertFalse([*advice.crowded(few)])
        self.assertTrue([*advice.crowded([*few, "bench/b.cpp"])])

    def test_briefs_of_types(self):
        self.assertTrue(self.told("/// What it is.\nstruct a {};"))
        self.assertTrue(self.told("/// How.\ntemplate <class T>\nusing a = T;"))
        self.assertFalse(self.told("/// A thing. What it is.\nstruct a {};"))
        self.assertFalse(self.told("/// A thing.\n/// When?\nstruct a {};"))
        self.assertFalse(self.told("/// Whether it is empty.\nint a();"))

    def test_bool_parameters(self):
        text = "void f(int a, bool b = true);"
        self.assertTrue(self.told(text))
        self.assertFalse(self.told(text, "runtime/src/base/a.hpp"))
        self.assertFalse(self.told("namespace detail {" + text + "}"))
        self.assertFalse(self.told("class a { void f(bool b); };"))
        self.assertFalse(self.told("bool f(std::function<void(bool)> g);"))

    def test_many_parameters(self):
        self.assertTrue(self.told("void f(int a, int b, int c, int d, int e);"))
        self.assertFalse(self.told("void f(m<a, b> x, int y, int c, int d);"))

    def test_words_of_the_glossary(self):
        glossary = "| instead of `lane` | `connection pool` |"
        self.assertTrue(self.told("struct lane_size;", glossary=glossary))
        self.assertTrue(self.told("int f(int lanes_);", glossary=glossary))
        self.assertFalse(self.told("struct planes;", glossary=glossary))

    def test_reasons(self):
        reason = "# D\n\n## Kept although the checks tell of it\n\n`f`: so."
        text = "void f(bool a);"
        self.assertFalse(self.told(text, decisions=reason))
        self.assertTrue(self.told(text, decisions=reason.replace("`f`", "f")))
        self.assertTrue(self.told(text, decisions="`f`"))

    def test_the_list_is_short(self):
        text = "".join(f"void f{i}(bool a);" for i in range(100))
        self.assertEqual(advice.TOLD_MAX + 1, len(self.told(text)))


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
