"""Tests of mutations.py."""

import unittest

import mutations


def found_in(source):
    """What each change makes of its line."""
    return [each.after for each in mutations.find("a.cpp", source)]


def in_function(body):
    return found_in("void f(int n) {\n" + body + "\n}\n")


class Operators(unittest.TestCase):
    def test_comparisons_are_swapped(self):
        self.assertEqual(found_in("bool f(int a, int b) {\n"
                                  "  return a == b && a < b;\n}"),
                         ["return a != b && a < b;",
                          "return a == b || a < b;",
                          "return a == b && a <= b;"])

    def test_brackets_and_references_are_no_operators(self):
        self.assertEqual(
            found_in("template <bool B = true>\n"
                     "void f(std::vector<int>&& all, const char* text);"), [])

    def test_negation_goes(self):
        self.assertIn("if (n) return;", in_function("  if (!n) return;"))

    def test_a_minimum_becomes_a_maximum(self):
        self.assertIn("n = std::max(n, m);", in_function("n = std::min(n, m);"))

    def test_constants_move_by_one(self):
        self.assertEqual(found_in("constexpr int n = 10'000u;"),
                         ["constexpr int n = 10001u;",
                          "constexpr int n = 9999u;"])

    def test_zero_stays_a_count(self):
        self.assertEqual(found_in("int n = 0;"), ["int n = 1;"])

    def test_real_numbers_stay(self):
        self.assertEqual(found_in("double n = 0.5;"), [])

    def test_texts_comments_and_directives_stay(self):
        self.assertEqual(found_in('#if 1 == 2\n#endif\n// a == b\n'
                                  'auto n = "a == 1";'), [])


class Statements(unittest.TestCase):
    def test_a_call_goes(self):
        self.assertIn("f2(); ;", in_function("  f2(); g(h, {i, j});"))

    def test_an_assignment_goes(self):
        self.assertEqual(in_function("  a->b[c] = d;"), [";"])

    def test_a_conditional_return_goes(self):
        self.assertEqual(in_function("  if (n) return;"), ["if (n) ;"])
        self.assertEqual(in_function("  if (n) {\n    return;\n  }"), [";"])

    def test_the_last_return_stays(self):
        self.assertEqual(found_in("int f(int n) {\n  return n;\n}"), [])

    def test_declarations_stay(self):
        self.assertEqual(
            in_function("  std::vector<int> a;\n  value& b = c;\n"
                        "  const auto d = e(g);\n  value* h = i;"), [])

    def test_members_and_initialisers_stay(self):
        self.assertEqual(
            found_in("struct a {\n  a();\n  int b();\n};\n"
                     "a::a() : c{d} {}\nint e[] = {f(g), h};"), [])

    def test_bodies_behind_initialisers_are_looked_at(self):
        self.assertEqual(found_in("a::a() : c{d} {\n  e();\n}"), [";"])

    def test_the_text_of_a_longer_statement_is_one_line(self):
        only = mutations.find("a.cpp", "void f() {\n  g(a,\n    b);\n}")[0]
        self.assertEqual((only.line, only.before, only.after),
                         (2, "g(a, b);", ";"))


class Untouched(unittest.TestCase):
    def test_assertions_stay(self):
        self.assertEqual(in_function("  assert(n == m && \"text\");"), [])

    def test_checks_of_invariants_stay(self):
        self.assertEqual(found_in("void a::check() const {\n"
                                  "  if (b != c) d();\n}"), [])

    def test_a_function_named_check_is_looked_at(self):
        self.assertEqual(found_in("void check(int n) {\n  d();\n}"), [";"])


class Applying(unittest.TestCase):
    def test_a_change_changes_one_place(self):
        source = "bool f(int a) {\n  return a == a;\n}\n"
        only = mutations.find("a.cpp", source)[0]
        self.assertEqual(only.apply(source),
                         "bool f(int a) {\n  return a != a;\n}\n")


class SameMeaning(unittest.TestCase):
    def test_what_is_listed_can_be_made(self):
        made = {(each.path, each.before, each.after)
                for each in mutations.all_in(mutations.ROOT)}
        self.assertEqual(mutations.read_same() - made, set())


if __name__ == "__main__":
    unittest.main()
