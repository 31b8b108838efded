#include "support/catch.hpp"
#include "support/flows/run_events.hpp"
#include "support/flows/scripted_exec.hpp"
#include "support/flows/small_flows.hpp"

#include <troupe/batch.hpp>
#include <troupe/blocking.hpp>
#include <troupe/protocol.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>
#include <troupe/testing.hpp>

#include <caf/all.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace troupe_test;
using troupe::errc;
using troupe::event_detail;
using troupe::event_kind;
using troupe::outcome;
using troupe::state;
using troupe::testing::script;
using troupe::testing::simulation;

namespace {

struct waits_long {
  troupe::task<> exec() const { co_await troupe::sleep_for(24h); }
};

/// Lines of a log, from any thread.
struct shared_log {
  struct content {
    std::mutex mutex;
    std::vector<std::string> lines;
  };
  std::shared_ptr<content> kept = std::make_shared<content>();

  void operator()(const std::string& line) const {
    const std::lock_guard lock{kept->mutex};
    kept->lines.push_back(line);
  }
};

/// The ends that were told, from any thread.
struct told_ends {
  std::atomic<int> calls{0};
  std::atomic<int> good{0};

  auto function() {
    return [this](const outcome& how) {
      ++calls;
      if (how.ok()) ++good;
    };
  }
};

}  // namespace

TEST_CASE("A function is called once at the end of a run", "[then]") {
  simulation sim;
  script calls;
  calls.after(3s).gives(1);
  const auto run = sim.start(one_node(scripted_exec{calls}));
  std::string seen;
  run.then([&](const outcome& how) {
    seen += how.ok() ? "good" : "bad";
    seen += run.done() ? ", done" : ", at work";
  });
  run.then([&](const outcome&) { seen += ", second"; });
  sim.run_ready();
  CHECK(seen.empty());
  sim.finish(run);
  CHECK(seen == "good, done, second");
}

TEST_CASE("A function for a run that is over is called at once", "[then]") {
  simulation sim;
  const auto run = sim.start(one_node([](state& s) { s["n"] = 3; }));
  sim.finish(run);
  int n = 0;
  run.then([&](const outcome& how) { n = how.state.get<int>("n"); });
  CHECK(n == 3);
}

TEST_CASE("A function is called however a run ends", "[then]") {
  simulation sim;
  std::vector<errc> codes;
  const auto note = [&](const outcome& how) {
    codes.push_back(how.failure->code());
  };
  const auto cancelled = sim.start(one_node(waits_long{}));
  cancelled.then(note);
  cancelled.cancel();
  sim.finish(cancelled);
  script calls;
  calls.dies().dies().dies().dies();
  const auto died = sim.start(one_node(scripted_exec{calls}));
  died.then(note);
  sim.finish(died);
  const auto late = sim.start(one_node(waits_long{}), {}, {.deadline = 1s});
  late.then(note);
  sim.finish(late);
  CHECK(codes ==
        std::vector{errc::cancelled, errc::actor_died, errc::cancelled});
}

TEST_CASE("A function begins a run that nobody waits for", "[then]") {
  troupe::system sys{{.threads = 1}};
  std::promise<int> result;
  sys.start(one_node([](state& s) { s["n"] = 5; }))
      .then([&](const outcome& how) {
        result.set_value(how.state.get<int>("n"));
      });
  CHECK(result.get_future().get() == 5);
}

TEST_CASE("What a function of then throws is a line of the log", "[then]") {
  const shared_log log;
  simulation sim{{.log = log}};
  const auto run = sim.start(one_node([](state&) {}), {}, {.id = "r"});
  bool is_called = false;
  run.then([](const outcome&) { throw std::runtime_error("broken"); });
  run.then([&](const outcome&) { is_called = true; });
  CHECK(sim.finish(run).ok());
  CHECK(is_called);
  run.then([](const outcome&) { throw 42; });
  const auto& lines = log.kept->lines;
  REQUIRE(lines.size() == 2);
  CHECK(has(lines[0], "given to run::then threw for run 'r': broken"));
  CHECK_THROWS_AS(run.then(std::function<void(const outcome&)>{}),
                  troupe::error);
}

TEST_CASE("The system does not go away before the functions are called",
          "[then]") {
  told_ends ends;
  {
    troupe::system sys{{.threads = 2, .shutdown_wait_max = 0s}};
    for (int i = 0; i < 20; ++i) {
      sys.start(one_node(waits_long{})).then(ends.function());
    }
  }
  CHECK(ends.calls == 20);
  CHECK(ends.good == 0);
}

TEST_CASE("An actor gets the end of a run as a message", "[then]") {
  troupe::system sys{{.threads = 2}};
  caf::scoped_actor self{sys.actors()};
  const auto run = sys.start(one_node([](state& s) { s["n"] = 7; }));
  run.then(caf::actor_cast<caf::actor>(self));
  int n = 0;
  std::string id;
  self->receive([&](const troupe::run_ended& ended) {
    n = ended.result.state.get<int>("n");
    id = ended.id;
  });
  CHECK(n == 7);
  CHECK(id == run.id());
}

TEST_CASE("All runs are cancelled at once", "[cancel_all]") {
  troupe::system sys{{.threads = 2}};
  std::vector<troupe::run> runs;
  for (int i = 0; i < 10; ++i)
    runs.push_back(sys.start(one_node(waits_long{})));
  sys.cancel_all("closing time");
  for (const auto& each : runs) {
    const auto end = each.get();
    REQUIRE_FALSE(end.ok());
    CHECK(end.failure->code() == errc::cancelled);
    CHECK(end.failure->message() == "closing time");
  }
  CHECK(sys.start(one_node([](state&) {})).get().ok());
}

TEST_CASE("Cancelling all runs concerns those in a simulation as well",
          "[cancel_all]") {
  std::optional<troupe::run> kept;
  {
    simulation sim;
    kept = sim.system().start(one_node(waits_long{}));
    sim.run_ready();
    sim.system().cancel_all();
    CHECK(sim.finish(*kept).failure->code() == errc::cancelled);
    kept = sim.start(one_node(waits_long{}), state{});
  }
  CHECK_FALSE(kept->id().empty());
}

TEST_CASE("The end of a system waits at most as long as it is told",
          "[shutdown]") {
  const auto span = GENERATE(troupe::duration{0s}, troupe::duration{20ms});
  std::optional<troupe::run> quick;
  std::optional<troupe::run> slow;
  {
    troupe::system sys{{.threads = 2, .shutdown_wait_max = span}};
    quick = sys.start(one_node([](state&) {}));
    CHECK(quick->get().ok());
    slow = sys.start(one_node(waits_long{}));
  }
  REQUIRE(slow->done());
  const auto end = slow->get();
  REQUIRE_FALSE(end.ok());
  CHECK(end.failure->code() == errc::cancelled);
  CHECK(has(end.failure->message(), "shutdown_wait_max"));
}

TEST_CASE("A run that starts while its system ends is cancelled",
          "[shutdown]") {
  struct starts_another {
    troupe::system* sys;
    std::shared_ptr<std::promise<void>> begun;
    std::shared_ptr<std::promise<bool>> was_cancelled;
    void exec(troupe::context& ctx) const {
      std::promise<void> asked;
      const std::stop_callback wake{ctx.stop_token(),
                                    [&] { asked.set_value(); }};
      begun->set_value();
      asked.get_future().wait();
      const auto end = sys->start(one_node(waits_long{})).get();
      was_cancelled->set_value(!end.ok());
    }
  };
  const auto begun = std::make_shared<std::promise<void>>();
  const auto was_cancelled = std::make_shared<std::promise<bool>>();
  {
    troupe::system sys{{.threads = 1, .shutdown_wait_max = 0s}};
    static_cast<void>(
        sys.start(one_node(starts_another{&sys, begun, was_cancelled},
                           {.threads = troupe::blocking})));
    begun->get_future().wait();
  }
  CHECK(was_cancelled->get_future().get());
}

TEST_CASE("A negative wait at the end of a system is refused", "[shutdown]") {
  CHECK_THROWS_AS(troupe::system({.shutdown_wait_max = -1s}), troupe::error);
}

TEST_CASE("The counts of a run lose nothing", "[progress]") {
  struct fails_for_odd {
    int exec(troupe::context& ctx) const {
      const auto i = ctx.params().at("i").get<int>();
      if (i % 2 == 1) throw std::runtime_error("odd");
      return i;
    }
  };
  simulation sim;
  const auto all =
      troupe::batch("all", one_node(fails_for_odd{}), numbered(3'000),
                    {.concurrency = 100, .on_failure = troupe::collect});
  const auto run = sim.start(all, {}, {.events_max = 4});
  CHECK(run.progress() == troupe::run_progress{});
  CHECK(sim.finish(run).ok());
  CHECK(run.progress() == troupe::run_progress{1'500, 3'000, 1'500, 1'500, 0});
}

TEST_CASE("The counts of a run grow while it is at work", "[progress]") {
  struct waits {
    troupe::task<> exec() const { co_await troupe::sleep_for(1s); }
  };
  simulation sim;
  const auto run = sim.start(
      troupe::batch("all", one_node(waits{}), numbered(4), {.concurrency = 2}));
  sim.run_ready();
  CHECK(run.progress() == troupe::run_progress{0, 2, 0, 0, 0});
  sim.advance(1s);
  CHECK(run.progress() == troupe::run_progress{2, 4, 2, 0, 0});
  run.cancel();
  sim.finish(run);
  CHECK(run.progress() == troupe::run_progress{2, 4, 2, 0, 2});
}

TEST_CASE("An observer sees every event of every run", "[observer]") {
  const auto detail = GENERATE(event_detail::nothing, event_detail::notable,
                               event_detail::steps);
  struct talks {
    void post(state&, troupe::context& ctx) const { ctx.emit(1); }
  };
  std::map<std::string, std::vector<std::string>> seen;
  const auto observer = [&](const troupe::event& what) {
    seen[what.run].emplace_back(to_string(what.kind));
  };
  simulation sim{{.log = nullptr, .observer = observer}};
  const auto all = troupe::batch("all", one_node(talks{}), numbered(2));
  const auto run =
      sim.start(all, {}, {.id = "r", .events = detail, .events_max = 1});
  sim.finish(run);
  using kinds = std::vector<std::string>;
  const kinds of_item{"started", "attempt", "custom", "step", "finished"};
  CHECK(seen["r/0/0"] == of_item);
  CHECK(seen["r/0/1"] == of_item);
  CHECK(seen["r"].front() == "started");
  CHECK(seen["r"].back() == "finished");
}

TEST_CASE("An observer changes nothing that readers see", "[observer]") {
  const auto detail = GENERATE(event_detail::nothing, event_detail::notable,
                               event_detail::steps);
  struct talks {
    void post(state&, troupe::context& ctx) const { ctx.emit(1); }
  };
  const auto kinds_with = [&](std::function<void(const troupe::event&)> who) {
    simulation sim{{.log = nullptr, .observer = std::move(who)}};
    const auto run =
        sim.start(troupe::batch("all", one_node(talks{}), numbered(2)), {},
                  {.events = detail});
    sim.finish(run);
    std::vector<std::string> kinds;
    for (const auto& each : events_of(run)) {
      kinds.push_back(each.run + " " + std::string{to_string(each.kind)});
    }
    return kinds;
  };
  CHECK(kinds_with(nullptr) == kinds_with([](const troupe::event&) {}));
}

TEST_CASE("What an observer throws is a line of the log", "[observer]") {
  const shared_log log;
  const auto throws = [](const troupe::event&) {
    throw std::logic_error("no");
  };
  simulation sim{{.log = log, .observer = throws}};
  CHECK(sim.finish(sim.start(one_node([](state&) {}))).ok());
  REQUIRE_FALSE(log.kept->lines.empty());
  CHECK(has(log.kept->lines.front(), "system_options::observer threw"));
}
