#include "support/catch.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/detail/node/fan_out_progress.hpp>
#include <troupe/state.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

using troupe::errc;
using troupe::error;
using troupe::failure_policy;
using troupe::detail::branch_end;
using troupe::detail::fan_out_progress;
using troupe::detail::fan_out_spec;
using ending = troupe::branch_outcome::kind;

namespace {

constexpr std::optional<std::size_t> unknown_total;

fan_out_spec model_of(failure_policy policy, std::size_t width = 8) {
  fan_out_spec made;
  made.concurrency = width;
  made.on_failure = policy;
  made.post = [](troupe::state&, const auto&, troupe::context&) {
    return troupe::action{};
  };
  return made;
}

branch_end ended(std::size_t index, ending kind = ending::finished) {
  branch_end made;
  made.index = index;
  made.how = kind;
  if (kind == ending::failed) {
    made.failure = std::make_shared<const error>(
        errc::node_threw, "item " + std::to_string(index));
  }
  return made;
}

/// The indices of all that can be merged now.
std::vector<std::size_t> merged(fan_out_progress& subject) {
  std::vector<std::size_t> all;
  while (const auto next = subject.take_next()) all.push_back(next->index);
  subject.check();
  return all;
}

using indices = std::vector<std::size_t>;

}  // namespace

TEST_CASE("Items are merged in their order, however they end",
          "[fan_out_progress]") {
  const auto model = model_of(troupe::fail_fast);
  fan_out_progress subject{model, 3};
  for (std::size_t i = 0; i < 3; ++i) CHECK(subject.start() == i);
  CHECK_FALSE(subject.has_room());
  subject.on_ended(ended(2));
  CHECK(merged(subject).empty());
  subject.on_ended(ended(0));
  CHECK(merged(subject) == indices{0});
  CHECK(subject.outcomes().size() == 1);
  subject.on_ended(ended(1));
  CHECK(subject.is_over());
  CHECK(merged(subject) == indices{1, 2});
  CHECK(subject.outcomes().size() == 3);
  CHECK_FALSE(subject.has_failed());
}

TEST_CASE("A fan-out without a post keeps no outcomes", "[fan_out_progress]") {
  auto model = model_of(troupe::collect);
  model.post = nullptr;
  fan_out_progress subject{model, 1};
  subject.start();
  subject.on_ended(ended(0, ending::failed));
  CHECK(merged(subject) == indices{0});
  CHECK(subject.outcomes().empty());
}

TEST_CASE("A fan-out fails for the first item that failed, in their order",
          "[fan_out_progress]") {
  const auto model = model_of(troupe::fail_fast);
  fan_out_progress subject{model, unknown_total};
  subject.start();
  subject.start();
  subject.on_ended(ended(1, ending::failed));
  CHECK(subject.is_stopping());
  CHECK_FALSE(subject.has_room());
  subject.on_ended(ended(0, ending::failed));
  REQUIRE(subject.is_over());
  CHECK(subject.reason("many").message() == "item 0");
}

TEST_CASE("A fan-out that counts failures says how many there were",
          "[fan_out_progress]") {
  const auto model = model_of(troupe::tolerate(1));
  fan_out_progress subject{model, 2};
  subject.start();
  subject.start();
  subject.on_ended(ended(0, ending::failed));
  CHECK_FALSE(subject.is_stopping());
  subject.on_ended(ended(1, ending::failed));
  REQUIRE(subject.has_failed());
  const auto why = subject.reason("many");
  CHECK(why.code() == errc::too_many_failures);
  CHECK(why.message().find("2 of 2") == 0);
  CHECK(why.message().find("item 0") != std::string::npos);
}

TEST_CASE("A fan-out that is refused fails for that, unless it has failed",
          "[fan_out_progress]") {
  const auto model = model_of(troupe::fail_fast);
  fan_out_progress subject{model, unknown_total};
  subject.start();
  subject.start();
  const bool has_failed = GENERATE(false, true);
  if (has_failed) subject.on_ended(ended(0, ending::failed));
  subject.refuse(error{errc::merge_conflict, "both set /x"});
  subject.check();
  if (!has_failed) subject.on_ended(ended(0, ending::cancelled));
  subject.on_ended(ended(1, ending::cancelled));
  REQUIRE(subject.is_over());
  CHECK(subject.has_failed());
  CHECK(subject.reason("many").code() ==
        (has_failed ? errc::node_threw : errc::merge_conflict));
}

TEST_CASE("A fan-out that is stopped ends with those at work",
          "[fan_out_progress]") {
  const auto model = model_of(troupe::collect);
  fan_out_progress subject{model, unknown_total};
  subject.start();
  subject.start();
  subject.stop();
  CHECK_FALSE(subject.has_room());
  CHECK_FALSE(subject.is_over());
  subject.on_ended(ended(0, ending::cancelled));
  subject.on_ended(ended(1));
  CHECK(subject.is_over());
  CHECK(merged(subject) == indices{0, 1});
  CHECK(subject.outcomes()[0].how == ending::cancelled);
}

TEST_CASE("A copy of the progress goes on as the progress does",
          "[fan_out_progress]") {
  const std::vector<failure_policy> policies{
      troupe::fail_fast, troupe::tolerate(2),         troupe::collect,
      troupe::quorum(3), troupe::tolerate_share(0.3), troupe::first_success};
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    CAPTURE(seed);
    std::mt19937_64 random{seed};
    const auto model = model_of(policies[seed % policies.size()],
                                1 + static_cast<std::size_t>(random() % 6));
    const auto total = static_cast<std::size_t>(random() % 20);
    fan_out_progress subject{model, total};
    std::vector<std::size_t> at_work;
    std::size_t next_merged = 0;
    while (!subject.is_over()) {
      if (subject.has_room() && (at_work.empty() || random() % 2 == 0)) {
        at_work.push_back(subject.start());
      } else {
        REQUIRE_FALSE(at_work.empty());
        const auto which = random() % at_work.size();
        const auto kind =
            subject.is_stopping() && random() % 2 == 0
                ? ending::cancelled
                : (random() % 4 == 0 ? ending::failed : ending::finished);
        subject.on_ended(ended(at_work[which], kind));
        at_work.erase(at_work.begin() + static_cast<std::ptrdiff_t>(which));
      }
      subject.check();
      if (random() % 3 == 0) {
        for (const auto each : merged(subject)) CHECK(each == next_merged++);
      }
      if (random() % 4 == 0) {
        const auto copy = subject;
        subject = copy;
      }
    }
    for (const auto each : merged(subject)) CHECK(each == next_merged++);
    CHECK(at_work.empty());
    CHECK(subject.merged() == subject.started());
    CHECK(subject.outcomes().size() == subject.started());
  }
}
