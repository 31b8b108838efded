#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/system.hpp>

#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe_test;
using troupe::errc;
using troupe::state;

namespace {

/// The keys of all steps, which may run at the same time.
struct seen_keys {
  std::mutex mutex;
  std::vector<std::string> all = {};

  void add(std::string key) {
    const std::lock_guard lock{mutex};
    all.push_back(std::move(key));
  }
  [[nodiscard]] std::set<std::string> different() const {
    return {all.begin(), all.end()};
  }
};

struct tells_key {
  seen_keys* to;
  void exec(troupe::context& ctx) const { to->add(ctx.key()); }
};

/// Two batches one after the other, and then both again.
troupe::flow batches_in_a_loop(seen_keys& to) {
  const auto batch = [&](const char* name) {
    return troupe::batch(name, one_node(tells_key{&to}), numbered(3),
                         {.concurrency = 2});
  };
  troupe::flow_builder flow{"twice"};
  const auto first = flow.add("first", batch("one"));
  const auto second = flow.add("second", batch("other"));
  const auto again = flow.add("again", [](state& shared) {
    shared.add("rounds", 1);
    return troupe::action{shared.get<int>("rounds") < 2 ? "again" : "done"};
  });
  first >> second >> again;
  again - "again" >> first;
  return flow.build();
}

std::vector<std::string> keys_of_run(troupe::run_options options) {
  seen_keys seen;
  troupe::system here{{.threads = 1}};
  const auto run =
      here.start(one_node(tells_key{&seen}), {}, std::move(options));
  REQUIRE(run.get().ok());
  return seen.all;
}

}  // namespace

TEST_CASE("No two steps of a run have the same key", "[key]") {
  seen_keys seen;
  troupe::system here{{.threads = 2}};
  REQUIRE(here.start(batches_in_a_loop(seen)).get().ok());
  CHECK(seen.all.size() == 12);
  CHECK(seen.different().size() == 12);
}

TEST_CASE("The attempts of a step have one key", "[key]") {
  struct fails_once {
    seen_keys* to;
    void exec(troupe::context& ctx) const {
      to->add(ctx.key());
      if (ctx.attempt() == 0) throw std::runtime_error{"once"};
    }
  };
  seen_keys seen;
  troupe::system here{{.threads = 1}};
  REQUIRE(here.start(one_node(fails_once{&seen}, {.retry = {.attempts = 2}}))
              .get()
              .ok());
  CHECK(seen.all.size() == 2);
  CHECK(seen.different().size() == 1);
}

TEST_CASE("The runs of two systems have different keys", "[key]") {
  CHECK(keys_of_run({}) != keys_of_run({}));
}

TEST_CASE("A run that is started again under its name has the same keys",
          "[key]") {
  const auto keys = keys_of_run({.id = "order-17"});
  CHECK(keys == std::vector<std::string>{"order-17#0"});
  CHECK(keys_of_run({.id = "order-17"}) == keys);
}

TEST_CASE("A name that a key could not be read from is refused", "[key]") {
  const auto name =
      GENERATE(std::string{"a/b"}, std::string{"a#1"}, std::string(201, 'a'));
  troupe::system here{{.threads = 1}};
  seen_keys seen;
  std::string text;
  CHECK(code_of(
            [&] {
              static_cast<void>(
                  here.start(one_node(tells_key{&seen}), {}, {.id = name}));
            },
            &text) == errc::bad_flow);
  CHECK(text.find("run_options.id") != text.npos);
}
