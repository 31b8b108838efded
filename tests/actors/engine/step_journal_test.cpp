#include "core/step_journal.hpp"

#include "core/run_core.hpp"
#include "core/system_core.hpp"
#include "run/start_run.hpp"
#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/testing.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using troupe::state;
using troupe::detail::committed_branch;
using troupe::detail::committed_step;
using troupe::testing::simulation;
using troupe_test::numbered;

namespace {

/// Keeps what it hears.
class kept_journal final : public troupe::detail::step_journal {
 public:
  void on_step(committed_step what) override {
    steps.push_back(std::move(what));
  }
  void on_branch(committed_branch what) override {
    branches.push_back(std::move(what));
  }

  std::vector<committed_step> steps;
  std::vector<committed_branch> branches;
};

struct adds_one {
  void post(state& shared) const { shared.add("count", 1); }
};

struct adds_and_fails {
  void post(state& shared) const {
    shared.add("count", 1);
    throw std::runtime_error{"on purpose"};
  }
};

struct only_looks {
  troupe::action post(const state&) const { return "seen"; }
};

struct journalled {
  std::shared_ptr<kept_journal> journal = std::make_shared<kept_journal>();
  troupe::outcome result;
};

journalled run_journalled(const troupe::flow& work, state initial) {
  simulation sim;
  journalled made;
  auto run = std::make_shared<troupe::detail::run_core>(
      sim.system().core(), work, troupe::run_options{.seed = 1}, "r");
  run->set_journal(made.journal);
  troupe::detail::start_run(run, std::move(initial));
  sim.run_ready();
  made.result = run->result();
  return made;
}

}  // namespace

TEST_CASE("A journal hears of each step with what it wrote", "[step_journal]") {
  troupe::flow_builder builder{"two"};
  const auto first = builder.add("first", adds_one{});
  const auto second = builder.add("second", only_looks{});
  first >> second;
  const auto made = run_journalled(builder.build(), state{{"kept", 1}});

  REQUIRE(made.result.ok());
  REQUIRE(made.journal->steps.size() == 2);
  const auto& count = made.journal->steps[0];
  CHECK(count.run == "r");
  CHECK(count.step == 0);
  CHECK(count.action.is_default());
  REQUIRE(count.wrote.size() == 1);
  CHECK(count.wrote.ops()[0].path == "/count");
  CHECK(count.then.path == std::vector<std::string>{"second"});
  const auto& look = made.journal->steps[1];
  CHECK(look.step == 1);
  CHECK(look.wrote.empty());
  CHECK(look.action.name() == "seen");
  CHECK(look.then.at == troupe::position::stage::over);
}

TEST_CASE("A journal hears nothing of a step that failed", "[step_journal]") {
  const auto made =
      run_journalled(troupe_test::one_node(adds_and_fails{}), state{});
  CHECK_FALSE(made.result.ok());
  CHECK(made.result.state.empty());
  CHECK(made.journal->steps.empty());
}

TEST_CASE("What a journal hears of a run makes its state again",
          "[step_journal]") {
  const bool in_sequence = GENERATE(false, true);
  troupe::fan_out_options options;
  options.concurrency = in_sequence ? troupe::sequence : 8;
  options.post = [](state& shared, const auto& outcomes, troupe::context&) {
    shared.set("ended", outcomes.size());
    return troupe::action{};
  };
  troupe::flow_builder builder{"counting"};
  const auto before = builder.add("before", adds_one{});
  const auto many = builder.add(
      "many", troupe::batch("many", troupe_test::one_node(adds_one{}),
                            numbered(3), std::move(options)));
  before >> many;
  const auto made = run_journalled(builder.build(), state{});

  REQUIRE(made.result.ok());
  CHECK(made.result.state.get<int>("count") == 4);
  CHECK(made.journal->branches.size() == 3);
  state again;
  std::size_t merged = 0;
  for (const auto& each : made.journal->steps) {
    // A sub-flow's steps become a part of the run with the sub-flow.
    if (each.run != "r") continue;
    if (each.step == 1) {
      for (; merged < made.journal->branches.size(); ++merged) {
        CHECK(made.journal->branches[merged].index == merged);
        again.apply(made.journal->branches[merged].wrote);
      }
    }
    again.apply(each.wrote);
  }
  CHECK(again == made.result.state);
}
