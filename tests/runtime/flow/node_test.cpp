#include "support/catch.hpp"
#include "support/counted.hpp"
#include "support/flows/lone_step.hpp"

#include <troupe/detail/value/borrowing.hpp>
#include <troupe/node.hpp>
#include <troupe/sleep.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using troupe::action;
using troupe::context;
using troupe::error;
using troupe::sleep_for;
using troupe::state;
using troupe::task;
using troupe_test::counted;
using troupe_test::lone_step;
using status = lone_step::status;

namespace {

struct only_prep {
  void prep(const state&) const {}
};
struct only_exec {
  int exec() const { return 1; }
};
struct all_phases {
  int prep(const state& shared) const { return shared.get<int>("in"); }
  int exec(int in) const {
    if (in < 0) throw std::runtime_error("negative");
    return in * 2;
  }
  int fallback(int in, const error& why) const {
    return in - static_cast<int>(why.message().size());
  }
  action post(state& shared, int in, int out) const {
    shared.set("out", out);
    return in < 10 ? "small" : "large";
  }
};

struct leaves_out {
  int prep() const { return 3; }
  int exec() const { return 4; }
  void post(state& shared, context& ctx, int in) const {
    shared.set("in", in);
    shared.set("attempt", ctx.attempt());
  }
};

struct looks_at_state {
  int exec(context&, const state& shared) const {
    return shared.get<int>("in");
  }
  void post(state& shared, int out) const { shared.set("out", out); }
};

/// Waits once in each phase, and once in the fallback.
struct waits_everywhere {
  counted held;

  task<int> prep(const state& shared) const {
    counted local;
    co_await sleep_for(1s);
    co_return shared.get<int>("in");
  }
  task<int> exec(int in) const {
    counted local;
    co_await sleep_for(1s);
    if (in < 0) throw std::runtime_error("negative");
    co_return in + 1;
  }
  task<int> fallback(int in) const {
    counted local;
    co_await sleep_for(1s);
    co_return -in;
  }
  task<action> post(state& shared, int in, int out) const {
    counted local;
    shared.set("out", out);
    co_await sleep_for(1s);
    shared.set("in", in + 1);
    co_return "waited";
  }
};

struct says_what_it_returns {
  static constexpr std::string_view actions[] = {"a", "b"};
  action post(state&) const { return "a"; }
};

struct moves {
  std::vector<int> prep() const { return std::vector<int>(1000, 7); }
  std::size_t exec(std::vector<int> items) const {
    if (items.size() != 1000) throw std::runtime_error("lost");
    items.clear();
    return 0;
  }
};

struct throws_in_exec_once {
  std::size_t exec(context& ctx) const {
    if (ctx.attempt() == 0) throw std::runtime_error("once");
    return 1;
  }
};

struct gives_no_prep_task {
  task<int> prep() const { return {}; }
  int exec(int in) const { return in; }
};
struct gives_no_exec_task {
  task<int> exec() const { return {}; }
};
struct gives_no_post_task {
  task<action> post(state&) const { return {}; }
};

}  // namespace

TEST_CASE("A phase that gives an empty task fails", "[node]") {
  const std::string text =
      "a task was awaited that is empty: it has no coroutine, or was moved "
      "from";
  lone_step prep{gives_no_prep_task{}};
  CHECK(prep.begin() == status::failed);
  CHECK(prep.failure() == text);
  lone_step exec{gives_no_exec_task{}};
  CHECK(exec.begin() == status::exec_failed);
  CHECK(exec.failure() == text);
  lone_step post{gives_no_post_task{}};
  CHECK(post.begin() == status::failed);
  CHECK(post.failure() == text);
}

TEST_CASE("Every phase may be absent", "[node]") {
  lone_step prep{only_prep{}};
  CHECK(prep.begin() == status::done);
  CHECK(prep.action().is_default());
  lone_step exec{only_exec{}};
  CHECK(exec.begin() == status::done);
  CHECK_FALSE(prep.node().has_exec());
  CHECK(exec.node().has_exec());
  CHECK_FALSE(exec.node().has_fallback());
}

TEST_CASE("Values go from phase to phase", "[node]") {
  lone_step step{all_phases{}, {}, {{"in", 4}}};
  CHECK(step.begin() == status::done);
  CHECK(step.shared() == state{{"in", 4}, {"out", 8}});
  CHECK(step.action().name() == "small");
}

TEST_CASE("A phase may leave out values and ask for others", "[node]") {
  lone_step step{leaves_out{}};
  CHECK(step.begin() == status::done);
  CHECK(step.shared() == state{{"in", 3}, {"attempt", 0}});
  lone_step looks{looks_at_state{}, {}, {{"in", 9}}};
  CHECK(looks.begin() == status::done);
  CHECK(looks.shared().get<int>("out") == 9);
}

TEST_CASE("A lambda is a whole node", "[node]") {
  lone_step plain{[](state& shared) { shared.set("a", 1); }};
  CHECK(plain.begin() == status::done);
  CHECK(plain.shared() == state{{"a", 1}});
  lone_step chooses{[](state&, context& ctx) {
    return ctx.attempt() == 0 ? action{"first"} : action{};
  }};
  CHECK(chooses.begin() == status::done);
  CHECK(chooses.action().name() == "first");
  lone_step waits{[](state& shared) -> task<> {
    co_await sleep_for(1s);
    shared.set("late", true);
  }};
  CHECK(waits.begin() == status::suspended);
  CHECK(waits.shared().empty());
  CHECK(waits.after(1s) == status::done);
  CHECK(waits.shared() == state{{"late", true}});
}

TEST_CASE("A failed exec keeps what prep gave", "[node]") {
  lone_step step{all_phases{}, {.retry = {.attempts = 2}}, {{"in", -1}}};
  CHECK(step.begin() == status::exec_failed);
  CHECK(step.failure() == "negative");
  CHECK(step.retry() == status::exec_failed);
  CHECK(step.fall_back() == status::done);
  CHECK(step.shared().get<int>("out") == -9);
}

TEST_CASE("A retry calls exec with its attempt", "[node]") {
  lone_step step{throws_in_exec_once{}, {.retry = {.attempts = 2}}};
  CHECK(step.begin() == status::exec_failed);
  CHECK(step.retry() == status::done);
}

TEST_CASE("What post writes is lost if it throws", "[node]") {
  struct breaks {
    void post(state& shared) const {
      shared.set("a", 2);
      throw std::runtime_error("post");
    }
  };
  lone_step step{breaks{}, {}, {{"a", 1}}};
  CHECK(step.begin() == status::failed);
  CHECK(step.failure() == "post");
  CHECK(step.shared() == state{{"a", 1}});
}

TEST_CASE("Every phase may wait", "[node]") {
  lone_step step{waits_everywhere{}, {}, {{"in", 5}}};
  CHECK(step.begin() == status::suspended);
  CHECK(step.after(1s) == status::suspended);
  CHECK(step.after(1s) == status::suspended);
  // The writes of post so far are its own.
  CHECK(step.shared() == state{{"in", 5}});
  CHECK(step.after(1s) == status::done);
  CHECK(step.shared() == state{{"in", 6}, {"out", 6}});
  CHECK(step.action().name() == "waited");
}

TEST_CASE("A fallback may wait", "[node]") {
  lone_step step{waits_everywhere{}, {}, {{"in", -5}}};
  CHECK(step.begin() == status::suspended);
  CHECK(step.after(1s) == status::suspended);
  CHECK(step.after(1s) == status::exec_failed);
  CHECK(step.fall_back() == status::suspended);
  CHECK(step.after(1s) == status::suspended);
  CHECK(step.after(1s) == status::done);
  CHECK(step.shared() == state{{"in", -4}, {"out", 5}});
}

TEST_CASE("A step may be dropped in every phase", "[node]") {
  for (const int in : {5, -5}) {
    for (int passed = 0; passed <= 4; ++passed) {
      {
        lone_step step{waits_everywhere{}, {}, {{"in", in}}};
        auto at = step.begin();
        for (int i = 0; i < passed && at == status::suspended; ++i) {
          at = step.after(1s);
          if (at == status::exec_failed) at = step.fall_back();
        }
        step.drop();
        CHECK(counted::alive() == 1);
        CHECK(step.host().waiting() == 0);
        CHECK(step.host().timers() == 0);
      }
      CHECK(counted::alive() == 0);
    }
  }
}

TEST_CASE("A coroutine is ended at its time limit", "[node]") {
  struct waits {
    task<int> exec() const {
      counted local;
      co_await sleep_for(1h);
      co_return 1;
    }
  };
  lone_step step{waits{}, {.timeout = 1min}};
  CHECK(step.begin() == status::suspended);
  CHECK(step.after(59s) == status::suspended);
  CHECK(step.after(1s) == status::exec_failed);
  CHECK(counted::alive() == 0);
  CHECK(step.host().timers() == 0);
}

TEST_CASE("An attempt waits for its permit without losing time", "[node]") {
  struct waits {
    task<int> exec() const {
      co_await sleep_for(30s);
      co_return 1;
    }
  };
  lone_step step{waits{}, {.timeout = 1min, .concurrency = 1U}};
  CHECK(step.begin() == status::suspended);
  CHECK(step.after(1h) == status::suspended);
  auto permit = std::make_shared<int>(0);
  const std::weak_ptr<int> seen = permit;
  CHECK(step.host().give(std::move(permit)));
  CHECK(step.after(30s) == status::done);
  CHECK(seen.expired());
}

TEST_CASE("A blocking exec goes to the pool", "[node]") {
  lone_step step{
      all_phases{}, {.threads = troupe::threads::blocking}, {{"in", 20}}};
  CHECK(step.begin() == status::suspended);
  REQUIRE(step.host().jobs() == 1);
  CHECK(step.host().run_job());
  CHECK(step.resume() == status::done);
  CHECK(step.action().name() == "large");
  CHECK(step.shared().get<int>("out") == 40);
}

TEST_CASE("A node says which actions it returns, if it likes", "[node]") {
  lone_step declared{says_what_it_returns{}};
  CHECK(declared.node().declared_actions().size() == 2);
  lone_step silent{only_exec{}};
  CHECK(silent.node().declared_actions().empty());
}

TEST_CASE("A large value is handed over whole", "[node]") {
  lone_step step{moves{}, {.retry = {.attempts = 2}}};
  CHECK(step.begin() == status::done);
}

TEST_CASE("A view of what prep gave is there while post waits", "[node]") {
  struct views {
    std::string prep() const { return "short"; }
    std::string_view exec(const std::string& text) const { return text; }
    task<> post(state& shared, const std::string /*text*/,
                std::string_view seen) const {
      co_await sleep_for(1ms);
      shared.set("seen", std::string{seen});
    }
  };
  lone_step step{views{}};
  CHECK(step.begin() == status::suspended);
  CHECK(step.after(1ms) == status::done);
  CHECK(step.shared().get<std::string>("seen") == "short");
}

// Results that are of no use without what they were made of.
using troupe::detail::may_view;
static_assert(may_view<std::string_view, std::string>);
static_assert(may_view<std::vector<std::string_view>, std::string>);
static_assert(may_view<std::optional<std::span<const int>>, std::vector<int>>);
static_assert(may_view<std::pair<int, std::string_view>, std::string>);
static_assert(!may_view<std::string, std::string>);
static_assert(!may_view<std::string_view, std::string_view>);
static_assert(!may_view<std::string_view, int>);
static_assert(!may_view<std::vector<bool>, std::string>);
static_assert(!may_view<troupe::json, std::string>);
static_assert(!may_view<troupe::value, std::string>);

// Inputs that a coroutine may not take from the phase before it.
using troupe::detail::borrows_from;
static_assert(borrows_from<std::string_view, std::string>::value);
static_assert(borrows_from<std::string_view, const char[4]>::value);
static_assert(borrows_from<std::span<const int>, std::vector<int>>::value);
static_assert(borrows_from<std::span<int>, std::array<int, 3>>::value);
// Before 16, Clang does not compile the views of libstdc++.
#if !defined(__clang__) || __clang_major__ >= 16
static_assert(borrows_from<std::ranges::ref_view<std::vector<int>>,
                           std::vector<int>>::value);
#endif
static_assert(borrows_from<std::reference_wrapper<const std::string>,
                           std::string>::value);
static_assert(
    borrows_from<std::initializer_list<int>, std::vector<int>>::value);
static_assert(borrows_from<const char*, std::string>::value);
static_assert(
    borrows_from<std::optional<std::string_view>, std::string>::value);
static_assert(borrows_from<std::optional<std::string_view>,
                           std::optional<std::string>>::value);
static_assert(borrows_from<std::pair<std::string_view, int>,
                           std::pair<std::string, int>>::value);
static_assert(borrows_from<std::tuple<int, std::string_view>,
                           std::tuple<int, std::string>>::value);
// And what it may.
static_assert(!borrows_from<std::string, std::string>::value);
static_assert(!borrows_from<std::string, std::string_view>::value);
static_assert(!borrows_from<std::string_view, std::string_view>::value);
static_assert(!borrows_from<std::span<const int>, std::span<int>>::value);
static_assert(!borrows_from<long, int>::value);
static_assert(!borrows_from<std::pair<std::string_view, int>,
                            std::pair<std::string_view, int>>::value);
