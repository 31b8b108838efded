// The things that a coroutine may wait for: a time span, several tasks, a call
// that blocks, work with a time limit, another run, an actor, a permit, a rate.

#include <troupe/ask.hpp>
#include <troupe/troupe.hpp>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// region: gather
troupe::task<int> square(int number) {
  co_await troupe::sleep_for(1ms);
  co_return number* number;
}

struct sum_of_squares {
  troupe::task<int> exec() const {
    std::vector<troupe::task<int>> tasks;
    for (int i = 1; i <= 10; ++i) tasks.push_back(square(i));
    troupe::gather_options options;
    options.width = 4;
    int sum = 0;
    const auto squares = co_await troupe::gather(std::move(tasks), options);
    for (const int one : squares) sum += one;
    co_return sum;
  }
  void post(troupe::state& shared, int sum) const { shared["sum"] = sum; }
};
// endregion

// region: within
struct ask_two {
  troupe::task<std::string> answer(std::chrono::milliseconds takes) const {
    co_await troupe::sleep_for(takes);
    co_return "an answer";
  }
  troupe::task<std::string> exec() const {
    try {
      co_return co_await troupe::within(5ms, answer(1min));
    } catch (const troupe::error& why) {
      if (why.code() != troupe::errc::timed_out) throw;
    }
    co_return "the second gave " + co_await troupe::within(1min, answer(1ms));
  }
  void post(troupe::state& shared, const std::string& text) const {
    shared["answer"] = text;
  }
};
// endregion

// region: blocking
struct read_slowly {
  troupe::task<std::string> exec() const {
    const std::string path = "a.txt";
    // GCC 12: a lambda with captures needs a name beside co_await.
    const auto read = [path] { return "text of " + path; };
    co_return co_await troupe::blocking(read);
  }
  void post(troupe::state& shared, const std::string& text) const {
    shared["text"] = text;
  }
};
// endregion

// region: run
struct start_another {
  troupe::task<int> exec() const {
    const troupe::run other = runtime->start(flow);
    const troupe::outcome end = co_await other;
    if (!end.ok()) throw troupe::error{*end.failure};
    co_return end.state.get<int>("sum");
  }
  void post(troupe::state& shared, int sum) const { shared["other"] = sum; }

  troupe::system* runtime;
  troupe::flow flow;
};
// endregion

// region: ask
caf::behavior shouter(const std::string& mark) {
  return {[mark](const std::string& text) { return text + mark; }};
}

struct shout {
  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("text");
  }
  troupe::task<std::string> exec(std::string text) const {
    co_return co_await troupe::ask<std::string>(to, 5s, text);
  }
  void post(troupe::state& shared, const std::string& /*text*/,
            const std::string& answer) const {
    shared["shouted"] = answer;
  }

  caf::actor to;
};
// endregion

// region: permit
struct print_pages {
  troupe::task<int> page(int& busy) const {
    const troupe::permit printer = co_await printers.acquire();
    const int at_once = ++busy;
    co_await troupe::sleep_for(1ms);
    --busy;
    co_return at_once;  // the printer is given back, as on every other way out
  }
  troupe::task<int> exec() const {
    int busy = 0;
    std::vector<troupe::task<int>> pages;
    for (int i = 0; i < 5; ++i) pages.push_back(page(busy));
    const auto seen = co_await troupe::gather(std::move(pages));
    co_return *std::max_element(seen.begin(), seen.end());
  }
  void post(troupe::state& shared, int most) const { shared["busy"] = most; }

  troupe::semaphore printers;
};
// endregion

// region: rate
struct ask_server {
  troupe::task<int> exec() const {
    int tokens = 0;
    for (int i = 0; i < 3; ++i) {
      troupe::rate_pass pass = co_await allowed.acquire(1'000);
      pass.used(200);  // the answer was shorter than it might have been
      tokens += 200;
    }
    co_return tokens;
  }
  void post(troupe::state& shared, int tokens) const {
    shared["tokens"] = tokens;
  }

  troupe::rate_limit allowed;
};
// endregion

int main() {
  troupe::flow_builder inner{"inner"};
  inner.add("sum_of_squares", sum_of_squares{});
  const auto sum = inner.build();

  troupe::system runtime;
  troupe::flow_builder flow{"coroutines"};
  const auto summed = flow.add("sum", sum);  // a flow stands for a node
  const auto asked = flow.add("ask_two", ask_two{});
  const auto read = flow.add("read_slowly", read_slowly{});
  const auto other = flow.add("start_another", start_another{&runtime, sum});
  const auto with_mark = runtime.actors().spawn(shouter, std::string{"!"});
  const auto shouted = flow.add("shout", shout{with_mark});
  const auto printed =
      flow.add("print_pages", print_pages{troupe::semaphore{runtime, 2}});
  // region: rate-options
  troupe::rate_limit_options allowed;
  allowed.requests = {.amount = 500, .per = 1s};
  allowed.tokens = {.amount = 200'000, .per = 1s};
  const troupe::rate_limit limit{runtime, allowed};
  // endregion
  const auto served = flow.add("ask_server", ask_server{limit});
  summed >> asked >> read >> other >> shouted >> printed >> served;
  std::cout << runtime.start(flow.build()).get().state.to_json().dump(1)
            << "\n";
}
