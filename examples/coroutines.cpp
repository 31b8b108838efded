// What a coroutine may wait for: a time span, several tasks, a call that
// blocks, work with a time limit, another run.

#include <troupe/blocking.hpp>
#include <troupe/gather.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

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
  summed >> asked >> read >> other;
  std::cout << runtime.start(flow.build()).get().state.to_json().dump(1)
            << "\n";
}
