#include "threads/service_threads.hpp"

#include "support/catch.hpp"
#include "support/code_of.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <vector>

using namespace troupe::detail;
using namespace troupe_test;
using troupe::errc;

namespace {

/// A thread that waits until it is stopped.
struct waiting_thread {
  std::shared_ptr<std::atomic<bool>> is_stopped =
      std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<std::atomic<bool>> has_returned =
      std::make_shared<std::atomic<bool>>(false);

  service_threads::number start(service_threads& among) const {
    return among.start(
        [stop = is_stopped, returned = has_returned] {
          stop->wait(false);
          *returned = true;
        },
        [stop = is_stopped] {
          *stop = true;
          stop->notify_all();
        });
  }
};

}  // namespace

TEST_CASE("A thread that is ended has returned", "[service_threads]") {
  service_threads all;
  const waiting_thread one;
  const waiting_thread other;
  const auto which = one.start(all);
  static_cast<void>(other.start(all));
  all.end(which);
  CHECK(*one.has_returned);
  CHECK_FALSE(*other.has_returned);
  all.end(which);
  all.close();
}

TEST_CASE("All threads have returned when they are closed",
          "[service_threads]") {
  const auto width = GENERATE(1, 2, 3, 8);
  service_threads all;
  const std::vector<waiting_thread> each(static_cast<std::size_t>(width));
  for (const auto& one : each) static_cast<void>(one.start(all));
  all.close();
  CHECK(std::all_of(each.begin(), each.end(),
                    [](const auto& one) { return one.has_returned->load(); }));
  CHECK(code_of([&] { static_cast<void>(each.front().start(all)); }) ==
        errc::shut_down);
}

TEST_CASE("A thread that ends itself is waited for", "[service_threads]") {
  const auto starts_another = GENERATE(false, true);
  CAPTURE(starts_another);
  service_threads all;
  std::promise<service_threads::number> known;
  std::promise<void> is_leaving;
  std::atomic<bool> is_stopped{false};
  std::atomic<bool> has_returned{false};
  known.set_value(all.start(
      [&] {
        all.end(known.get_future().get());
        is_leaving.set_value();
        has_returned = true;
      },
      [&] { is_stopped = true; }));
  is_leaving.get_future().wait();
  CHECK(is_stopped);
  if (starts_another) static_cast<void>(all.start([] {}, [] {}));
  all.close();
  CHECK(has_returned);
}

TEST_CASE("An owner may end its thread when all are closed",
          "[service_threads]") {
  service_threads all;
  const waiting_thread one;
  const auto which = one.start(all);
  all.close();
  all.end(which);
  CHECK(*one.has_returned);
}
