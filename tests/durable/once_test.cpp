#include "core/system_core.hpp"
#include "support/catch.hpp"
#include "support/code_of.hpp"
#include "support/flows/small_flows.hpp"
#include "support/store/small_lives.hpp"

#include <troupe/batch.hpp>
#include <troupe/each.hpp>
#include <troupe/once.hpp>
#include <troupe/testing.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using namespace troupe_test;
using troupe::errc;
using troupe::state;

namespace {

/// The other side of an effect, which counts calls.
struct other_side {
  std::vector<std::string> calls;
};

/// Charges once, and fails as often as it is told to after that.
struct charges {
  other_side* bank;
  int* failures;
  troupe::once_options options = {};

  troupe::task<int> exec(troupe::context& ctx) const {
    auto charge = [this, key = ctx.key()] {
      bank->calls.push_back(key);
      return static_cast<int>(bank->calls.size());
    };
    auto charged = ctx.once("charge", charge, options);
    const int receipt = co_await charged;
    if (*failures > 0) {
      --*failures;
      throw std::runtime_error{"the network is down"};
    }
    co_return receipt;
  }
  void post(state& shared, int, int receipt) const {
    shared.set("receipt", receipt);
  }
  int prep() const { return 0; }
};

troupe::node_options attempts(std::uint32_t count) {
  troupe::node_options options;
  options.retry.attempts = count;
  return options;
}

}  // namespace

TEST_CASE("An effect happens once however often its step is tried", "[once]") {
  other_side bank;
  int failures = 2;
  const auto work = one_node(charges{&bank, &failures}, attempts(3));
  life only{std::make_shared<memory_store>()};
  const auto result = only.finish(only.sim().start(work, state{}, {.id = "r"}));
  CHECK(result.ok());
  CHECK(bank.calls == std::vector<std::string>{"r#0"});
  CHECK(result.state.get<int>("receipt") == 1);
}

TEST_CASE("An effect whose end is kept does not happen in the next life",
          "[once]") {
  other_side bank;
  int failures = 0;
  const auto work = one_node(charges{&bank, &failures});
  std::size_t executed_twice = 0;
  for (std::size_t commits = 1;; ++commits) {
    INFO("after " << commits << " commits");
    bank.calls.clear();
    std::shared_ptr<memory_store> left;
    {
      life first{std::make_shared<memory_store>()};
      auto run = first.sim().start(work, state{}, {.id = "r"});
      if (first.commit(commits) < commits || run.done()) break;
      first.sim().run_ready();
      left = first.crash();
      run.cancel();
      first.finish(run);
    }
    life second{left, knowing(work)};
    for (auto& each : second.system().resume_all()) {
      CHECK(second.finish(*each.handle).ok());
    }
    // 1: the run, 2: the beginning, 3: the end of the effect.
    CHECK(bank.calls.size() == (commits == 2 ? 2 : 1));
    executed_twice += bank.calls.size() - 1;
  }
  CHECK(executed_twice == 1);
}

TEST_CASE("An effect whose end is not known fails the step if it says so",
          "[once]") {
  other_side bank;
  int failures = 0;
  const auto work =
      one_node(charges{&bank, &failures, {troupe::if_unknown::fail}});
  std::shared_ptr<memory_store> left;
  {
    life first{std::make_shared<memory_store>()};
    auto run = first.sim().start(work, state{}, {.id = "r"});
    first.commit(2);
    first.sim().run_ready();
    left = first.crash();
    run.cancel();
    first.finish(run);
  }
  life second{left, knowing(work)};
  auto resumed = second.system().resume_all();
  REQUIRE(resumed.size() == 1);
  const auto result = second.finish(*resumed[0].handle);
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->code() == errc::effect_unknown);
  CHECK(bank.calls.size() == 1);
}

TEST_CASE("Without a store an effect is simply executed", "[once]") {
  other_side bank;
  int failures = 1;
  const auto work = one_node(charges{&bank, &failures}, attempts(2));
  troupe::testing::simulation sim;
  const auto result = sim.finish(sim.start(work));
  CHECK(result.ok());
  CHECK(bank.calls.size() == 2);
}

namespace {

struct charges_twice {
  troupe::task<int> exec(troupe::context& ctx) const {
    auto nothing = [] { return 1; };
    auto first = ctx.once("same", nothing);
    const int a = co_await first;
    auto second = ctx.once("same", nothing);
    co_return a + co_await second;
  }
};

struct refuses_for_good {
  other_side* bank;
  troupe::task<int> exec(troupe::context& ctx) const {
    auto refuse = [this]() -> int {
      bank->calls.push_back("refused");
      throw troupe::permanent_error{"the card is not valid"};
    };
    auto charged = ctx.once("charge", refuse);
    co_return co_await charged;
  }
};

}  // namespace

TEST_CASE("One name for two effects of an attempt is an error", "[once]") {
  life only{std::make_shared<memory_store>()};
  const auto result =
      only.finish(only.sim().start(one_node(charges_twice{}), state{}, {}));
  REQUIRE_FALSE(result.ok());
  CHECK(result.failure->message().find("'same' comes twice") !=
        std::string::npos);
}

TEST_CASE("A permanent error of an effect is kept as its end", "[once]") {
  other_side bank;
  const auto work = one_node(refuses_for_good{&bank}, attempts(3));
  life first{std::make_shared<memory_store>()};
  const auto failed =
      first.finish(first.sim().start(work, state{}, {.id = "r"}));
  CHECK_FALSE(failed.ok());
  life second{first.crash(), knowing(work)};
  const auto again = second.finish(second.system().resume("r"));
  REQUIRE_FALSE(again.ok());
  CHECK(again.failure->message() == "the card is not valid");
  CHECK(bank.calls.size() == 1);
}

namespace {

struct counted_items {
  std::vector<int>* executed;
  std::vector<int> prep() const { return {10, 20, 30}; }
  int exec(int item) const {
    executed->push_back(item);
    return item * 2;
  }
  void post(state& shared, const std::vector<int>&,
            const std::vector<int>& results) const {
    for (const int each : results) shared.append("results", each);
  }
};

}  // namespace

TEST_CASE("A batch node runs only the items without a result", "[durable]") {
  std::vector<int> executed;
  const auto work = one_node(troupe::each(counted_items{&executed}));
  for (std::size_t commits = 1;; ++commits) {
    INFO("after " << commits << " commits");
    executed.clear();
    std::shared_ptr<memory_store> left;
    {
      life first{std::make_shared<memory_store>()};
      auto run = first.sim().start(work, state{}, {.id = "r"});
      if (first.commit(commits) < commits || run.done()) break;
      left = first.crash();
      first.finish(run);
    }
    const auto done = executed.size();
    executed.clear();
    life second{left, knowing(work)};
    auto resumed = second.system().resume_all();
    if (resumed.empty()) continue;
    const auto result = second.finish(*resumed[0].handle);
    CHECK(result.ok());
    CHECK(result.state ==
          state{{"results", troupe::value::array({20, 40, 60})}});
    CHECK(done == 3);
    // 1: the run, 2: what prep gave, then the items.
    if (commits >= 2) CHECK(executed.size() == 3 - (commits - 2));
  }
}

// -- actors that die ----------------------------------------------------------

namespace {

/// Charges once, and then does what a script says: dies, for example.
struct charges_and_goes_on {
  other_side* bank;
  troupe::testing::script rest;

  troupe::task<int> exec(troupe::context& ctx) const {
    auto charge = [this, key = ctx.key()] {
      bank->calls.push_back(key);
      return 1;
    };
    auto charged = ctx.once("charge", charge);
    co_await charged;
    auto next = rest.next(ctx);
    const auto given = co_await next;
    co_return given.get<int>();
  }
  void post(state& shared, int given) const { shared.add("charged", given); }
};

}  // namespace

TEST_CASE("An effect does not happen again where the actor of a node dies",
          "[once]") {
  other_side bank;
  troupe::testing::script rest;
  rest.dies().dies().gives(1);
  const auto work = one_node(charges_and_goes_on{&bank, rest});
  auto options = knowing(work);
  options.turns = troupe::turns::by_message;
  life only{std::make_shared<memory_store>(), options};
  const auto result = only.finish(only.sim().start(work, state{}, {.id = "r"}));
  CHECK(result.ok());
  CHECK(bank.calls == std::vector<std::string>{"r#0"});
}

TEST_CASE("A run whose actor died goes on without doing its effects again",
          "[once]") {
  other_side bank;
  troupe::testing::script rest;
  rest.dies().gives(1);
  const auto work = then("f", charges_and_goes_on{&bank, rest});
  life only{std::make_shared<memory_store>(), knowing(work)};
  const auto died = only.finish(only.sim().start(work, state{}, {.id = "r"}));
  REQUIRE_FALSE(died.ok());
  CHECK(died.failure->code() == errc::actor_died);
  const auto result = only.finish(only.system().resume("r"));
  CHECK(result.state == state{{"first", 1}, {"charged", 1}});
  CHECK(bank.calls == std::vector<std::string>{"r#1"});
}

TEST_CASE("A sub-flow whose actor died goes on from its last commit",
          "[once]") {
  const bool in_sequence = GENERATE(false, true);
  const bool by_message = GENERATE(false, true);
  for (std::size_t commits = 1;; ++commits) {
    INFO("after " << commits << " commits");
    other_side bank;
    troupe::testing::script rest;
    rest.dies().gives(1).dies().gives(1).gives(1);
    troupe::fan_out_options wide;
    wide.concurrency = in_sequence ? troupe::sequence : 3;
    const auto body = then("body", charges_and_goes_on{&bank, rest});
    const auto inner = troupe::batch("inner", body, numbered(1), wide);
    const auto work = troupe::batch("many", inner, numbered(3), wide);
    auto options = knowing(work);
    if (by_message) options.turns = troupe::turns::by_message;
    std::shared_ptr<memory_store> left;
    {
      life first{std::make_shared<memory_store>(), options};
      const auto run = first.sim().start(work, state{}, {.id = "r"});
      const bool dies = first.commit(commits) == commits && !run.done();
      left = first.crash();
      if (!dies) {
        const auto whole = first.finish(run);
        CHECK(whole.state.to_json() ==
              troupe::json{{"first", 3}, {"charged", 3}});
        CHECK(bank.calls.size() == 3);
        break;
      }
    }
    // The run that it left can be read, and goes on.
    life second{left, options};
    auto resumed = second.system().resume_all();
    if (resumed.empty()) continue;
    INFO(resumed[0].why);
    REQUIRE(resumed[0].handle);
  }
}

TEST_CASE("An item that is tried again finds the effect of its last attempt",
          "[once]") {
  struct pays_items {
    other_side* bank;
    int* failures;
    std::vector<int> prep() const { return {1, 2, 3}; }
    troupe::task<int> exec(int item, troupe::context& ctx) const {
      auto pay = [this, key = ctx.key()] {
        bank->calls.push_back(key);
        return 1;
      };
      auto paid = ctx.once("pay", pay);
      co_await paid;
      if (item == 2 && *failures > 0) {
        --*failures;
        throw std::runtime_error{"not yet"};
      }
      co_return item;
    }
  };
  other_side bank;
  int failures = 2;
  const auto work =
      one_node(troupe::each(pays_items{&bank, &failures}), attempts(3));
  life only{std::make_shared<memory_store>()};
  const auto result = only.finish(only.sim().start(work, state{}, {.id = "r"}));
  if (!result.ok()) FAIL(result.failure->message());
  CHECK(bank.calls == std::vector<std::string>{"r#0.0", "r#0.1", "r#0.2"});
}
