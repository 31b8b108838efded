#include "durable/durable_flows.hpp"

#include <troupe/sleep.hpp>
#include <troupe/task.hpp>

#include <cassert>
#include <chrono>
#include <limits>
#include <utility>

namespace troupe::bench {

namespace {

constexpr auto never = std::numeric_limits<std::int64_t>::max();

/// Counts, and says "stop" at the last.
action count(state& shared, std::int64_t last) {
  const auto n = shared.get<std::int64_t>("n") + 1;
  shared.set("n", n);
  if (n == last) return "stop";
  return {};
}

struct write_text {
  std::int64_t last;
  std::size_t bytes;

  action post(state& shared) const {
    if (bytes != 0) {
      shared.set("text", text_of(bytes, shared.get<std::int64_t>("n")));
    }
    return count(shared, last);
  }
};

struct append_text {
  std::int64_t last;
  std::size_t bytes;

  action post(state& shared) const {
    shared.append("texts", text_of(bytes, shared.get<std::int64_t>("n")));
    return count(shared, last);
  }
};

struct wait_if_asked {
  const std::atomic<bool>* waits;

  task<void> exec() const {
    if (!waits->load()) co_return;
    sleep_for hour{std::chrono::hours{1}};
    co_await hour;
  }
};

template <class Node>
node_ref add_ring(flow_builder& to, Node first, Node second) {
  const auto one = to.add("one", std::move(first));
  const auto two = to.add("two", std::move(second));
  one >> two;
  two >> one;
  return two;
}

}  // namespace

std::string text_of(std::size_t bytes, std::int64_t number) {
  std::string text(bytes, 'x');
  const auto digits = std::to_string(number);
  text.replace(0, std::min(bytes, digits.size()), digits, 0, bytes);
  return text;
}

flow writing_flow(std::int64_t last, std::size_t bytes) {
  assert(last % 2 == 0);
  flow_builder made{"writing"};
  const auto end =
      add_ring(made, write_text{never, bytes}, write_text{last, bytes});
  (end - "stop") >> made.add("end", [](state&) {});
  return made.build();
}

flow appending_flow(std::int64_t last, std::size_t bytes) {
  assert(last % 2 == 0);
  flow_builder made{"appending"};
  const auto end =
      add_ring(made, append_text{never, bytes}, append_text{last, bytes});
  (end - "stop") >> made.add("end", [](state&) {});
  return made.build();
}

flow stopping_flow(std::int64_t last, const std::atomic<bool>& waits) {
  assert(last % 2 == 0);
  flow_builder made{"stopping"};
  const auto end = add_ring(made, write_text{never, 0}, write_text{last, 0});
  (end - "stop") >> made.add("wait", wait_if_asked{&waits});
  return made.build();
}

}  // namespace troupe::bench
