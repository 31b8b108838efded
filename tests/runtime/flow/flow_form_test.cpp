#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"
#include "support/nothing.hpp"

#include <troupe/batch.hpp>
#include <troupe/detail/placed/flow_form.hpp>
#include <troupe/flow.hpp>

#include <string>
#include <utility>

using troupe::flow;
using troupe::flow_builder;
using troupe::json;
using troupe::state;
using troupe::detail::first_difference;
using troupe_test::has;
using troupe_test::nothing;
using troupe_test::numbered;
using troupe_test::one_node;

namespace {

json form_of(const flow& from) {
  return troupe::detail::flow_form(from.model());
}

/// Returns the difference between `here` and `there` in words; empty if there
/// is none.
std::string difference(const flow& here, const flow& there) {
  return first_difference(form_of(here), form_of(there));
}

struct counts {
  int prep(const state&) const { return 1; }
  std::string exec(int count) const { return std::to_string(count); }
  void post(state&, int, const std::string&) const {}
};

struct counts_wide {
  long prep(const state&) const { return 1; }
  std::string exec(long count) const { return std::to_string(count); }
  void post(state&, long, const std::string&) const {}
};

/// "first" and "second", with what a test changes.
struct chain {
  std::string name = "chain";
  std::string second = "second";
  std::string action = "default";
  std::string label = "gpu";
  bool goes_back = false;

  [[nodiscard]] flow build() const {
    flow_builder builder{name};
    const auto one = builder.add("first", counts{}, {.on = label});
    const auto two = builder.add(second, nothing);
    one.next(two, action == "default" ? troupe::action{} : action);
    if (goes_back) two.next(one, "back");
    return builder.build();
  }
};

}  // namespace

TEST_CASE("Flows that are made alike have one form", "[flow_form]") {
  CHECK(form_of(chain{}.build()) == form_of(chain{}.build()));
  CHECK(difference(chain{}.build(), chain{}.build()).empty());
}

TEST_CASE("A form says what a flow is made of", "[flow_form]") {
  const auto form = form_of(chain{}.build());
  const auto& whole = form.at("flows").at(0);
  CHECK(whole.at("name") == "chain");
  CHECK(whole.at("start") == "first");
  const auto& first = whole.at("nodes").at("first");
  CHECK(first.at("on") == "gpu");
  CHECK(has(first.at("exec").get<std::string>(), "int -> "));
  CHECK(first.at("next").size() == 1);
  CHECK(whole.at("nodes").at("second") == json::object());
}

TEST_CASE("What differs between two flows is named", "[flow_form]") {
  const auto here = chain{}.build();
  const auto edge = difference(here, chain{.goes_back = true}.build());
  CHECK(has(edge, "nodes/second/next"));
  CHECK(has(edge, "nothing here"));
  CHECK(has(edge, "first"));
  CHECK(has(difference(here, chain{.action = "later"}.build()),
            "nodes/first/next"));
  CHECK(has(difference(here, chain{.second = "other"}.build()), "second"));
  const auto label = difference(here, chain{.label = "cpu"}.build());
  CHECK(has(label, "nodes/first/on"));
  CHECK(has(label, "\"gpu\" here and \"cpu\" there"));
  CHECK(has(difference(here, chain{.name = "other"}.build()),
            "\"chain\" here and \"other\" there"));
}

TEST_CASE("A type that differs is named", "[flow_form]") {
  const auto what = difference(one_node(counts{}), one_node(counts_wide{}));
  CHECK(has(what, "nodes/only/exec"));
  CHECK(has(what, "int -> "));
  CHECK(has(what, "long -> "));
}

TEST_CASE("Which node begins is part of a form", "[flow_form]") {
  const auto starting_with = [](bool with_second) {
    flow_builder builder{"ring"};
    const auto one = builder.add("one", nothing);
    const auto two = builder.add("two", nothing);
    one >> two >> one;
    builder.start(with_second ? two : one);
    return builder.build();
  };
  CHECK(has(difference(starting_with(false), starting_with(true)), "/start"));
}

TEST_CASE("Flows within flows are part of a form", "[flow_form]") {
  const auto nest = [](flow inner) {
    flow_builder builder{"outer"};
    builder.add("inside", std::move(inner));
    return builder.build();
  };
  const auto here = nest(chain{}.build());
  CHECK(form_of(here).at("flows").size() == 2);
  CHECK(difference(here, nest(chain{}.build())).empty());
  CHECK(has(difference(here, nest(chain{.label = "cpu"}.build())),
            "flows/1/nodes/first/on"));
}

TEST_CASE("Sub-flows of batches and forks are part of a form", "[flow_form]") {
  const auto batch = [](flow body, std::string label) {
    return troupe::batch("all", std::move(body), numbered(3),
                         {.on = std::move(label)});
  };
  const auto here = batch(chain{}.build(), "gpu");
  CHECK(difference(here, batch(chain{}.build(), "gpu")).empty());
  CHECK(has(difference(here, batch(chain{}.build(), "cpu")), "flows/0/on"));
  CHECK(has(difference(here, batch(chain{.second = "x"}.build(), "gpu")),
            "flows/1/nodes"));
  // One body more than once is there once.
  const auto twice = chain{}.build();
  const auto fork = troupe::fork("both", {twice, twice});
  CHECK(form_of(fork).at("flows").size() == 2);
  CHECK(form_of(fork).at("flows").at(0).at("bodies") == json::array({1, 1}));
}

TEST_CASE("What an exec does is not part of a form", "[flow_form]") {
  struct one {
    int exec() const { return 1; }
  };
  struct two {
    int exec() const { return 2; }
  };
  CHECK(difference(one_node(one{}), one_node(two{})).empty());
}

TEST_CASE("A form that differs in many places, or is deep, costs little",
          "[flow_form]") {
  const auto here = form_of(chain{}.build());
  auto there = here;
  there["flows"] = json(1'000'000, 7);
  CHECK(has(first_difference(here, there), "at /flows/0 there is"));
  there = here;
  there["flows"][0]["nodes"]["first"]["on"] = std::string(1'000'000, 'x');
  CHECK(first_difference(here, there).size() < 1000);
  there["flows"][0]["nodes"]["first"]["on"] = "\x1b]0;x\n\xff";
  CHECK(first_difference(here, there).find('\x1b') == std::string::npos);
}
