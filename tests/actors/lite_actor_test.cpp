#include "lite_actor.hpp"

#include "manual_queue.hpp"
#include "support/actor_system.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace troupe::detail;
using troupe::testing_support::actor_home;

namespace {

constexpr auto poke = signal_kind::own;

/// Counts how many exist, to see that none is lost.
struct counted : payload {
  explicit counted(std::atomic<int>& of) : count{of} { ++count; }
  ~counted() override { --count; }
  std::atomic<int>& count;
};

/// An actor whose callbacks are given by the test.
class scripted : public lite_actor {
 public:
  using lite_actor::again;
  using lite_actor::has_mail;
  using lite_actor::lite_actor;
  using lite_actor::quit;
  using lite_actor::request;
  using lite_actor::tell;
  using lite_actor::unwatch;
  using lite_actor::watch;

  std::function<void()> start = [] {};
  std::function<void(signal&)> receive = [](signal&) {};
  std::function<void(std::uint64_t, caf::message&)> response =
      [](std::uint64_t, caf::message&) {};
  std::function<void(std::uint64_t, const caf::error&)> failure =
      [](std::uint64_t, const caf::error&) {};
  std::function<void(const caf::down_msg&)> down = [](const caf::down_msg&) {};
  std::function<void()> turn = [] {};
  std::function<void(const caf::error&)> stop = [](const caf::error&) {};

 private:
  void on_start() override { start(); }
  void on_signal(signal& received) override { receive(received); }
  void on_response(std::uint64_t number, caf::message& answer) override {
    response(number, answer);
  }
  void on_error_response(std::uint64_t number, const caf::error& why) override {
    failure(number, why);
  }
  void on_down(const caf::down_msg& ended) override { down(ended); }
  void on_turn() override { turn(); }
  void on_stop(const caf::error& reason) noexcept override { stop(reason); }
};

/// Lite actors that run when the test says so.
struct manual_home : actor_home {
  manual_home() : actor_home{1} { at.queue = &queue; }

  lite_ptr<scripted> spawn() { return spawn_lite<scripted>(at, nullptr); }

  manual_queue queue{system};
};

/// A plain actor that adds numbers, and fails when given text.
class adder : public caf::event_based_actor {
 public:
  using caf::event_based_actor::event_based_actor;

 private:
  caf::behavior make_behavior() override {
    return {[](std::int32_t a, std::int32_t b) { return a + b; },
            [](const std::string&) -> caf::result<std::int32_t> {
              return caf::make_error(caf::sec::invalid_argument);
            }};
  }
};

}  // namespace

TEST_CASE("An actor gets signals in the order they were sent", "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  std::vector<std::uint64_t> got;
  actor->receive = [&](signal& each) { got.push_back(each.generation); };

  for (std::uint64_t i = 0; i < 100; ++i) {
    CHECK(post(*actor, signal{poke, 0, i}));
  }
  CHECK(got.empty());
  home.queue.run();
  REQUIRE(got.size() == 100);
  CHECK(std::is_sorted(got.begin(), got.end()));
}

TEST_CASE("A signal arrives with all that it carries", "[lite_actor]") {
  manual_home home;
  std::atomic<int> alive{0};
  const auto actor = home.spawn();
  int seen = 0;
  actor->receive = [&](signal& each) {
    CHECK(each.kind == poke);
    CHECK(each.slot == 7);
    CHECK(each.generation == 9);
    seen = dynamic_cast<counted&>(*each.body).count;
  };

  post(*actor, signal{poke, 7, 9, caf::make_counted<counted>(alive)});
  home.queue.run();
  CHECK(seen == 1);
  CHECK(alive == 0);
}

TEST_CASE("An actor starts once, before its first message", "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  std::string log;
  actor->start = [&] { log += "start "; };
  actor->receive = [&](signal&) { log += "signal "; };

  post(*actor, signal{poke});
  post(*actor, signal{poke});
  home.queue.run();
  CHECK(log == "start signal signal ");
}

TEST_CASE("An actor can be started without a message", "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  int starts = 0;
  actor->start = [&] { ++starts; };

  home.queue.run();
  CHECK(starts == 0);
  wake(*actor);
  wake(*actor);
  home.queue.run();
  CHECK(starts == 1);
}

TEST_CASE("An actor that quits is told why, once, and gets nothing more",
          "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  std::vector<caf::error> reasons;
  int signals = 0;
  actor->receive = [&](signal&) {
    ++signals;
    actor->quit(caf::make_error(caf::exit_reason::kill));
    actor->quit();
  };
  actor->stop = [&](const caf::error& reason) { reasons.push_back(reason); };

  post(*actor, signal{poke});
  post(*actor, signal{poke});
  home.queue.run();
  CHECK(signals == 1);
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0] == caf::exit_reason::kill);
  CHECK_FALSE(post(*actor, signal{poke}));
  CHECK(home.queue.empty());
}

TEST_CASE("What waits for an actor that ends is let go", "[lite_actor]") {
  manual_home home;
  std::atomic<int> alive{0};
  const auto actor = home.spawn();
  actor->receive = [&](signal&) { actor->quit(); };

  for (int i = 0; i < 10; ++i) {
    post(*actor, signal{poke, 0, 0, caf::make_counted<counted>(alive)});
  }
  CHECK(alive == 10);
  home.queue.run();
  CHECK(alive == 0);
  post(*actor, signal{poke, 0, 0, caf::make_counted<counted>(alive)});
  CHECK(alive == 0);
}

TEST_CASE("An exception ends its actor, and watchers get its text",
          "[lite_actor]") {
  manual_home home;
  const auto watcher = home.spawn();
  const auto actor = home.spawn();
  std::string why;
  watcher->start = [&] { watcher->watch(actor->handle()); };
  watcher->down = [&](const caf::down_msg& down) {
    CHECK(down.source == actor->address());
    why = to_string(down.reason);
  };
  wake(*watcher);
  home.queue.run();

  SECTION("a std::exception") {
    actor->receive = [](signal&) { throw std::out_of_range{"no such thing"}; };
    post(*actor, signal{poke});
    home.queue.run();
    CHECK(why.find("runtime_error") != std::string::npos);
    CHECK(why.find("no such thing") != std::string::npos);
  }
  SECTION("anything else") {
    actor->receive = [](signal&) { throw 42; };
    post(*actor, signal{poke});
    home.queue.run();
    CHECK(why.find("not a std::exception") != std::string::npos);
  }
  SECTION("out of on_start") {
    actor->start = [] { throw std::out_of_range{"not even started"}; };
    wake(*actor);
    home.queue.run();
    CHECK(why.find("not even started") != std::string::npos);
  }
}

TEST_CASE("An exit message ends an actor", "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  std::vector<caf::error> reasons;
  actor->stop = [&](const caf::error& reason) { reasons.push_back(reason); };

  caf::anon_send_exit(actor->handle(), caf::exit_reason::kill);
  home.queue.run();
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0] == caf::exit_reason::kill);
}

TEST_CASE("A linked actor ends with the other one", "[lite_actor]") {
  manual_home home;
  const auto one = home.spawn();
  const auto two = home.spawn();
  bool is_ended = false;
  two->stop = [&](const caf::error&) { is_ended = true; };
  one->link_to(two->handle());

  caf::anon_send_exit(one->handle(), caf::exit_reason::user_shutdown);
  home.queue.run();
  CHECK(is_ended);
}

TEST_CASE("An actor that nobody can reach ends", "[lite_actor]") {
  manual_home home;
  const auto before = lite_actor::live();
  auto actor = home.spawn();
  std::vector<caf::error> reasons;
  actor->stop = [&](const caf::error& reason) { reasons.push_back(reason); };

  SECTION("before it ever ran") {}
  SECTION("while it waits") {
    post(*actor, signal{poke});
    home.queue.run();
  }
  actor = nullptr;
  REQUIRE(reasons.size() == 1);
  CHECK(reasons[0] == caf::exit_reason::unreachable);
  CHECK(lite_actor::live() == before);
}

TEST_CASE("Actors that wait for a turn end with their queue", "[lite_actor]") {
  const auto before = lite_actor::live();
  int stops = 0;
  {
    manual_home home;
    for (int i = 0; i < 10; ++i) {
      const auto actor = home.spawn();
      actor->stop = [&](const caf::error&) { ++stops; };
      post(*actor, signal{poke});
    }
  }
  CHECK(stops == 10);
  CHECK(lite_actor::live() == before);
}

TEST_CASE("A plain actor can watch a lite one", "[lite_actor]") {
  actor_home home;
  caf::scoped_actor self{home.system};
  const auto actor = spawn_lite<scripted>(home.at, nullptr);
  actor->receive = [&](signal&) {
    actor->quit(caf::make_error(caf::exit_reason::user_shutdown));
  };
  self->monitor(actor->handle());

  post(*actor, signal{poke});
  caf::error reason;
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  CHECK(reason == caf::exit_reason::user_shutdown);
}

TEST_CASE("A message that an actor does not know is refused", "[lite_actor]") {
  actor_home home;
  caf::scoped_actor self{home.system};
  const auto actor = spawn_lite<scripted>(home.at, nullptr);

  caf::error why;
  request(self.ptr(), actor->handle(), std::string{"hello"})
      .receive([](const std::string&) {},
               [&](const caf::error& error) { why = error; });
  CHECK(why == caf::sec::unexpected_message);
}

TEST_CASE("A request to an actor that has ended is answered", "[lite_actor]") {
  actor_home home;
  caf::scoped_actor self{home.system};
  const auto actor = spawn_lite<scripted>(home.at, nullptr);
  caf::anon_send_exit(actor->handle(), caf::exit_reason::kill);

  caf::error why;
  request(self.ptr(), actor->handle(), std::string{"hello"})
      .receive([](const std::string&) {},
               [&](const caf::error& error) { why = error; });
  CHECK(why == caf::sec::request_receiver_down);
}

TEST_CASE("The answer to a request comes back under its number",
          "[lite_actor]") {
  actor_home home;
  const auto add = home.system.spawn<adder>();
  const auto actor = spawn_lite<scripted>(home.at, nullptr);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  std::vector<std::pair<std::uint64_t, std::int32_t>> answers;
  std::promise<void> is_done;
  actor->receive = [&](signal&) {
    first = actor->request(add,
                           caf::make_message(std::int32_t{1}, std::int32_t{2}));
    second = actor->request(
        add, caf::make_message(std::int32_t{3}, std::int32_t{4}));
  };
  actor->response = [&](std::uint64_t number, caf::message& answer) {
    answers.emplace_back(number, answer.get_as<std::int32_t>(0));
    if (answers.size() == 2) {
      is_done.set_value();
    }
  };

  post(*actor, signal{poke});
  is_done.get_future().wait();
  CHECK(first != second);
  CHECK(answers == std::vector<std::pair<std::uint64_t, std::int32_t>>{
                       {first, 3}, {second, 7}});
  caf::anon_send_exit(add, caf::exit_reason::kill);
}

TEST_CASE("A request that fails comes back as an error", "[lite_actor]") {
  actor_home home;
  const auto add = home.system.spawn<adder>();
  const auto actor = spawn_lite<scripted>(home.at, nullptr);
  std::uint64_t expected = 0;
  std::promise<std::pair<std::uint64_t, caf::error>> failed;
  actor->failure = [&](std::uint64_t number, const caf::error& why) {
    failed.set_value({number, why});
  };

  SECTION("the receiver answers with an error") {
    actor->receive = [&](signal&) {
      expected = actor->request(add, caf::make_message(std::string{"what?"}));
    };
    post(*actor, signal{poke});
    const auto [number, why] = failed.get_future().get();
    CHECK(number == expected);
    CHECK(why == caf::sec::invalid_argument);
  }
  SECTION("there is no receiver") {
    actor->receive = [&](signal&) {
      expected = actor->request(caf::actor{}, caf::make_message());
    };
    post(*actor, signal{poke});
    const auto [number, why] = failed.get_future().get();
    CHECK(number == expected);
    CHECK(why == caf::sec::invalid_argument);
  }
  caf::anon_send_exit(add, caf::exit_reason::kill);
}

TEST_CASE("A watched actor that ends is reported, once and at once",
          "[lite_actor]") {
  manual_home home;
  const auto watcher = home.spawn();
  const auto actor = home.spawn();
  int downs = 0;
  watcher->down = [&](const caf::down_msg&) { ++downs; };
  actor->receive = [&](signal&) { actor->quit(); };

  SECTION("it ends later") {
    watcher->watch(actor->handle());
    home.queue.run();
    CHECK(downs == 0);
    post(*actor, signal{poke});
    home.queue.run();
    CHECK(downs == 1);
  }
  SECTION("it has ended") {
    post(*actor, signal{poke});
    home.queue.run();
    watcher->watch(actor->handle());
    home.queue.run();
    CHECK(downs == 1);
  }
  SECTION("it is watched no more") {
    watcher->watch(actor->handle());
    watcher->unwatch(actor->handle());
    post(*actor, signal{poke});
    home.queue.run();
    CHECK(downs == 0);
  }
}

TEST_CASE("A long loop lets others run in between", "[lite_actor]") {
  manual_home home;
  const auto loop = home.spawn();
  const auto other = home.spawn();
  std::string log;
  int rounds = 0;
  loop->receive = [&](signal&) { loop->again(); };
  loop->turn = [&] {
    log += "turn ";
    if (++rounds < 3) {
      loop->again();
    }
  };
  other->receive = [&](signal&) { log += "other "; };

  post(*loop, signal{poke});
  post(*other, signal{poke});
  home.queue.run();
  CHECK(log == "turn other turn turn ");
  CHECK(home.queue.empty());
}

TEST_CASE("A long loop sees that it has mail", "[lite_actor]") {
  manual_home home;
  const auto loop = home.spawn();
  int turns = 0;
  bool had_mail = false;
  loop->receive = [&](signal& each) {
    if (each.slot == 1) {
      loop->quit();
    } else {
      loop->again();
    }
  };
  loop->turn = [&] {
    ++turns;
    CHECK_FALSE(loop->has_mail());
    post(*loop, signal{poke, 1});
    had_mail = loop->has_mail();
    loop->again();
  };

  post(*loop, signal{poke});
  home.queue.run();
  CHECK(had_mail);
  CHECK(turns == 1);
}

TEST_CASE("An idle actor takes its turn in place", "[lite_actor]") {
  manual_home home;
  const auto caller = home.spawn();
  const auto callee = home.spawn();
  std::string log;
  callee->receive = [&](signal&) {
    log += "callee ";
    post(*caller, signal{poke, 1}, callee->context());
  };
  caller->receive = [&](signal& each) {
    if (each.slot == 1) {
      log += "answer ";
      return;
    }
    log += "before ";
    CHECK(post_in_place(*caller, *callee, signal{poke}));
    log += "after ";
  };

  post(*caller, signal{poke});
  REQUIRE(home.queue.run_one());
  CHECK(log == "before callee after ");
  home.queue.run();
  CHECK(log == "before callee after answer ");
}

TEST_CASE("A busy actor is sent to instead", "[lite_actor]") {
  manual_home home;
  const auto caller = home.spawn();
  const auto callee = home.spawn();
  std::string log;
  callee->receive = [&](signal& each) {
    log += std::to_string(each.slot) + ' ';
  };
  caller->receive = [&](signal&) {
    post(*callee, signal{poke, 1}, caller->context());
    CHECK(post_in_place(*caller, *callee, signal{poke, 2}));
    log += "after ";
  };

  post(*caller, signal{poke});
  home.queue.run();
  CHECK(log == "after 1 2 ");
}

TEST_CASE("A turn in place takes none itself", "[lite_actor]") {
  manual_home home;
  const auto outer = home.spawn();
  const auto middle = home.spawn();
  const auto inner = home.spawn();
  std::string log;
  inner->receive = [&](signal&) { log += "inner "; };
  middle->receive = [&](signal&) {
    post_in_place(*middle, *inner, signal{poke});
    log += "middle ";
  };
  outer->receive = [&](signal&) {
    post_in_place(*outer, *middle, signal{poke});
    log += "outer ";
  };

  post(*outer, signal{poke});
  home.queue.run();
  CHECK(log == "middle outer inner ");
}

TEST_CASE("An actor may end during its turn in place", "[lite_actor]") {
  manual_home home;
  const auto before = lite_actor::live();
  const auto caller = home.spawn();
  auto callee = home.spawn();
  callee->receive = [](signal&) { throw std::runtime_error{"oh"}; };
  int downs = 0;
  caller->down = [&](const caf::down_msg&) { ++downs; };
  caller->receive = [&](signal&) {
    caller->watch(callee->handle());
    post_in_place(*caller, *callee, signal{poke});
    CHECK_FALSE(post_in_place(*caller, *callee, signal{poke}));
    callee = nullptr;
  };

  post(*caller, signal{poke});
  home.queue.run();
  CHECK(downs == 1);
  CHECK(lite_actor::live() == before + 1);
}

TEST_CASE("Plain actors woken by a lite one run in the same queue",
          "[lite_actor]") {
  manual_home home;
  const auto add = home.system.spawn<adder, caf::lazy_init>();
  const auto actor = home.spawn();
  std::int32_t sum = 0;
  actor->receive = [&](signal&) {
    actor->request(add, caf::make_message(std::int32_t{1}, std::int32_t{2}));
  };
  actor->response = [&](std::uint64_t, caf::message& answer) {
    sum = answer.get_as<std::int32_t>(0);
  };

  post(*actor, signal{poke});
  home.queue.run();
  CHECK(sum == 3);
  caf::anon_send_exit(add, caf::exit_reason::kill);
}

TEST_CASE("Work from another thread wakes the owner of a manual queue",
          "[lite_actor]") {
  manual_home home;
  const auto actor = home.spawn();
  bool is_poked = false;
  actor->receive = [&](signal&) { is_poked = true; };

  std::thread other{[&] { post(*actor, signal{poke}); }};
  CHECK(home.queue.wait_for_work(std::chrono::minutes{1}));
  home.queue.run();
  other.join();
  CHECK(is_poked);
}

TEST_CASE("Many threads may send to one actor", "[lite_actor]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  constexpr std::uint64_t each = 20'000;
  std::atomic<int> alive{0};
  actor_home home{threads};
  const auto actor = spawn_lite<scripted>(home.at, nullptr);
  std::vector<std::uint64_t> next(threads, 0);
  std::uint64_t count = 0;
  bool in_order = true;
  std::promise<void> is_done;
  actor->receive = [&](signal& got) {
    in_order = in_order && got.generation == next[got.slot]++;
    if (++count == each * threads) {
      is_done.set_value();
    }
  };

  std::vector<std::thread> senders;
  for (std::uint32_t slot = 0; slot < threads; ++slot) {
    senders.emplace_back([&, slot] {
      for (std::uint64_t i = 0; i < each; ++i) {
        post(*actor, signal{poke, slot, i, caf::make_counted<counted>(alive)});
      }
    });
  }
  is_done.get_future().wait();
  for (auto& sender : senders) {
    sender.join();
  }
  CHECK(in_order);
  CHECK(count == each * threads);
}

TEST_CASE("An actor may end while many threads send to it", "[lite_actor]") {
  const auto threads = GENERATE(1U, 2U, 3U, 8U);
  const auto before = lite_actor::live();
  std::atomic<int> alive{0};
  std::atomic<int> stops{0};
  {
    actor_home home{threads};
    for (int round = 0; round < 200; ++round) {
      const auto actor = spawn_lite<scripted>(home.at, nullptr);
      actor->receive = [self = actor.get()](signal& got) {
        if (got.generation == 20) {
          self->quit();
        }
      };
      actor->stop = [&](const caf::error&) { ++stops; };
      std::vector<std::thread> senders;
      for (unsigned i = 0; i < threads; ++i) {
        senders.emplace_back([&] {
          for (std::uint64_t n = 0; n < 40; ++n) {
            post(*actor, signal{poke, 0, n, caf::make_counted<counted>(alive)});
          }
        });
      }
      for (auto& sender : senders) {
        sender.join();
      }
    }
  }
  CHECK(stops == 200);
  CHECK(alive == 0);
  CHECK(lite_actor::live() == before);
}

TEST_CASE("A lite actor is small", "[lite_actor]") {
  struct smallest : lite_actor {
    using lite_actor::lite_actor;
    void on_signal(signal&) override {}
  };
  CHECK(sizeof(caf::actor_storage<smallest>) <= 320);
}
