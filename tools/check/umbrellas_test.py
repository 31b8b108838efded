"""Each kind that umbrellas.py finds."""

import unittest

import umbrellas

ALL = {
    "actors/include/troupe/troupe.hpp":
        "#include <troupe/run.hpp>\n#include <troupe/state.hpp>\n",
    "actors/include/troupe/run.hpp": "#include <troupe/detail/one.hpp>\n",
    "actors/include/troupe/ask.hpp": "#include <caf/actor.hpp>\n",
    "actors/include/troupe/detail/one.hpp": "#include <string>\n",
    "runtime/include/troupe/state.hpp": "#include <vector>\n",
}


class UmbrellasTest(unittest.TestCase):
    def found(self, **changed):
        files = dict(ALL)
        for name, text in changed.items():
            path = next(one for one in files if one.endswith(f"/{name}.hpp"))
            files[path] = text
        return [*umbrellas.check_umbrellas(files, files.get)]

    def test_a_whole_one_is_fine(self):
        self.assertEqual(self.found(), [])

    def test_a_missing_header_is_named(self):
        self.assertEqual(
            self.found(troupe="#include <troupe/run.hpp>\n"),
            ["actors/include/troupe/troupe.hpp:1: umbrella: "
             "<troupe/state.hpp> is missing"])

    def test_a_header_that_was_left_out_must_not_come_back(self):
        text = ALL["actors/include/troupe/troupe.hpp"]
        self.assertEqual(
            self.found(troupe=text + "#include <troupe/ask.hpp>\n"),
            ["actors/include/troupe/troupe.hpp:1: umbrella: "
             "<troupe/ask.hpp> must not be here",
             "actors/include/troupe/troupe.hpp:1: umbrella: "
             "brings <caf/actor.hpp>"])

    def test_caf_is_found_behind_other_headers(self):
        self.assertEqual(
            self.found(one="#include <caf/config.hpp>\n"),
            ["actors/include/troupe/troupe.hpp:1: umbrella: "
             "brings <caf/config.hpp>"])


if __name__ == "__main__":
    unittest.main()
