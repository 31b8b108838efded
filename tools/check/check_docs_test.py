"""check_docs.py finds blocks that differ and links that lead nowhere."""

import tempfile
import unittest
from pathlib import Path

import check_docs

SOURCE = """#include <x>
// region: flow
  int a;

    int b;
// endregion
int c;
"""
BLOCK = "```cpp\nint a;\n\n  int b;\n```\n"
COMMENT = "<!-- region: examples/hello.cpp#flow -->\n"


class DocsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        (self.root / "examples").mkdir()
        (self.root / "examples/hello.cpp").write_text(SOURCE)

    def findings(self, page):
        path = self.root / "README.md"
        path.write_text(page)
        return [why for _, why in check_docs.check_page(self.root, path)]

    def test_equal_block(self):
        self.assertEqual([], self.findings(COMMENT + BLOCK))
        self.assertEqual([], self.findings(COMMENT + "\n" + BLOCK))

    def test_differing_block(self):
        page = COMMENT + BLOCK.replace("int b", "int d")
        self.assertIn("differs", self.findings(page)[0])

    def test_block_without_source(self):
        self.assertIn("without", self.findings(BLOCK)[0])
        self.assertEqual([], self.findings("```sh\nls\n```\n"))

    def test_comment_counts_for_one_block_only(self):
        self.assertIn("without", self.findings(COMMENT + BLOCK + BLOCK)[0])

    def test_update_quotes_anew(self):
        page = COMMENT + BLOCK.replace("int b", "int d") + "text\n"
        path = self.root / "README.md"
        path.write_text(page)
        check_docs.update_page(self.root, path)
        self.assertEqual(COMMENT + BLOCK + "text\n", path.read_text())

    def test_missing_file_and_region(self):
        page = COMMENT.replace("hello", "other") + BLOCK
        self.assertIn("there is no", self.findings(page)[0])
        page = COMMENT.replace("#flow", "#other") + BLOCK
        self.assertIn("has no region", self.findings(page)[0])

    def test_whole_file(self):
        page = "<!-- region: examples/hello.cpp -->\n```cpp\n#include <x>\n" \
               "  int a;\n\n    int b;\nint c;\n```\n"
        self.assertEqual([], self.findings(page))

    def test_links(self):
        self.assertIn("nowhere", self.findings("[a](docs/none.md)")[0])
        self.assertIn("has no #b", self.findings("# A\n[a](#b)")[0])
        self.assertEqual([], self.findings(
            "# A `b` c\n[a](#a-b-c) [x](examples/hello.cpp)\n"
            "[y](https://example.org/none) `[z](none)`\n"))

    def test_headers(self):
        folder = self.root / "runtime/llm/include/troupe/llm"
        (folder / "detail").mkdir(parents=True)
        (folder / "chat.hpp").touch()
        (folder / "detail/hidden.hpp").touch()
        name = "runtime/llm/include/troupe/llm/chat.hpp"
        for text, expected in ((f"[a]({name})", 0), ("", 1),
                               (f"{name} runtime/include/troupe/a.hpp", 1)):
            with self.subTest(text):
                (self.root / "README.md").write_text(text)
                self.assertEqual(
                    expected, len([*check_docs.check_headers(self.root)]))


if __name__ == "__main__":
    unittest.main()
