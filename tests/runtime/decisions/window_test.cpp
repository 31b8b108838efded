#include "support/catch.hpp"
#include "support/checked.hpp"

#include <troupe/window.hpp>

#include <rapidcheck.h>

#include <cstddef>
#include <optional>
#include <string>

using troupe::failure_policy;
using troupe::detail::window;
using troupe_test::checked;

namespace {

/// Starts all there is room for, then lets one end: finished or failed.
checked<window> after(failure_policy policy, std::optional<std::size_t> total,
                      const std::string& ends) {
  checked<window> subject{policy, 3, total};
  for (const char end : ends) {
    while (subject->has_room()) subject->on_started();
    REQUIRE(subject->running() > 0);
    if (end == '+') {
      subject->on_finished();
    } else {
      subject->on_failed();
    }
  }
  return subject;
}

using verdict = window::verdict;

}  // namespace

TEST_CASE("A window never runs more than its width", "[window]") {
  checked<window> subject{troupe::collect, 2, 5};
  subject->on_started();
  CHECK(subject->has_room());
  subject->on_started();
  CHECK_FALSE(subject->has_room());
  subject->on_finished();
  CHECK(subject->has_room());
}

TEST_CASE("The first failure stops fail_fast", "[window]") {
  auto subject = after(troupe::fail_fast, 5, "+-");
  CHECK(subject->is_stopping());
  CHECK_FALSE(subject->has_room());
  CHECK_FALSE(subject->is_over());
  subject->on_cancelled();
  subject->on_cancelled();
  CHECK(subject->is_over());
  CHECK(subject->result() == verdict::failed);
  CHECK(subject->reason() == "1 of 5 sub-flows failed");
}

TEST_CASE("collect goes on whatever fails", "[window]") {
  const auto subject = after(troupe::collect, 5, "--+--");
  CHECK(subject->is_over());
  CHECK(subject->result() == verdict::succeeded);
}

TEST_CASE("tolerate stops at one failure too many", "[window]") {
  CHECK_FALSE(after(troupe::tolerate(2), 5, "--").is_stopping());
  const auto subject = after(troupe::tolerate(2), 5, "---");
  CHECK(subject->is_stopping());
  CHECK(subject->reason() == "3 of 5 sub-flows failed, at most 2 may fail");
}

TEST_CASE("A tolerated share is one of all sub-flows", "[window]") {
  CHECK(after(troupe::tolerate_share(0.5), 4, "--++").result() ==
        verdict::succeeded);
  CHECK(after(troupe::tolerate_share(0.5), 4, "---").is_stopping());
}

TEST_CASE("A share of an unknown total is judged at the end", "[window]") {
  auto subject = after(troupe::tolerate_share(0.5), {}, "---");
  CHECK_FALSE(subject->is_stopping());
  SECTION("too many") {
    subject->on_failed();
    subject->on_exhausted();
    CHECK(subject->is_stopping());
  }
  SECTION("few enough") {
    while (subject->has_room()) subject->on_started();
    subject->on_exhausted();
    CHECK_FALSE(subject->is_stopping());
    while (subject->running() > 0) subject->on_finished();
    CHECK(subject->failed() == 3);
    CHECK(subject->finished() == subject->started() - 3);
  }
}

TEST_CASE("A quorum is decided as soon as it can be", "[window]") {
  const auto reached = after(troupe::quorum(2), 6, "-++");
  CHECK(reached.is_stopping());
  CHECK(reached.reason().empty());
  const auto lost = after(troupe::quorum(2), 4, "---");
  CHECK(lost.is_stopping());
  CHECK(lost.reason() == "3 of 4 sub-flows failed, 2 had to succeed");
  CHECK(after(troupe::first_success, 4, "---+").result() == verdict::succeeded);
}

TEST_CASE("Without items all is over at once", "[window]") {
  checked<window> known{troupe::fail_fast, 1, 0};
  CHECK(known->is_over());
  CHECK(known->result() == verdict::succeeded);
  checked<window> unknown{troupe::collect, 1, {}};
  CHECK_FALSE(unknown->is_over());
  unknown->on_exhausted();
  CHECK(unknown->is_over());
  checked<window> quorum{troupe::quorum(1), 1, 0};
  CHECK(quorum->result() == verdict::failed);
}

TEST_CASE("A window that is stopped fails unless it was decided", "[window]") {
  checked<window> undecided{troupe::collect, 2, 5};
  undecided->on_started();
  undecided->stop();
  CHECK_FALSE(undecided->is_over());
  undecided->on_cancelled();
  CHECK(undecided->is_over());
  CHECK(undecided->result() == verdict::failed);

  auto decided = after(troupe::first_success, 5, "+");
  decided->stop();
  while (decided->running() > 0) decided->on_cancelled();
  CHECK(decided->result() == verdict::succeeded);
  decided->refuse();
  CHECK(decided->result() == verdict::failed);
}

TEST_CASE("What was started has finished, failed or been cancelled",
          "[window]") {
  CHECK(rc::check([] {
    const auto total = *rc::gen::inRange<std::size_t>(0, 20);
    const auto width = *rc::gen::inRange<std::size_t>(1, 9);
    const auto policy = *rc::gen::element(
        troupe::fail_fast, troupe::collect, troupe::tolerate(3),
        troupe::tolerate_share(0.3), troupe::quorum(4), troupe::first_success);
    const bool is_known = *rc::gen::arbitrary<bool>();
    checked<window> subject{policy, width,
                            is_known ? std::optional{total} : std::nullopt};
    while (!subject->is_over()) {
      while (subject->has_room()) {
        if (!is_known && subject->started() == total) {
          subject->on_exhausted();
          break;
        }
        subject->on_started();
        RC_ASSERT(subject->running() <= width);
      }
      if (subject->running() == 0) break;
      if (subject->is_stopping()) {
        subject->on_cancelled();
      } else if (*rc::gen::arbitrary<bool>()) {
        subject->on_finished();
      } else {
        subject->on_failed();
      }
    }
    RC_ASSERT(subject->is_over());
    RC_ASSERT(subject->started() ==
              subject->finished() + subject->failed() + subject->cancelled());
    RC_ASSERT(subject->started() <= total);
    if (policy.which() == failure_policy::kind::collect) {
      RC_ASSERT(subject->started() == total);
      RC_ASSERT(subject->cancelled() == 0u);
    }
  }));
}
