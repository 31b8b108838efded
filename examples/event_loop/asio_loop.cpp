// A run in a program that has an event loop, here asio's. Nobody waits for the
// run: its end is work for the loop, as a read or a timer is.

#include <troupe/troupe.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <chrono>
#include <iostream>
#include <string>

using namespace std::chrono_literals;

namespace {

troupe::flow greeting() {
  troupe::flow_builder flow{"greeting"};
  flow.add("greet", [](troupe::state& shared) -> troupe::task<> {
    co_await troupe::sleep_for(1ms);
    shared["text"] = "Hello, " + shared.get<std::string>("name");
  });
  return flow.build();
}

}  // namespace

int main() {
  // region: asio
  asio::io_context loop;
  troupe::system runtime;
  // Keeps the loop at work until the run has ended.
  auto open = asio::make_work_guard(loop);
  runtime.start(greeting(), {{"name", "Ada"}})
      .then([&](const troupe::outcome& end) {
        // On a thread of Troupe, so this only passes it on.
        asio::post(loop, [&, end] {
          std::cout << end.state.get<std::string>("text") << "\n";
          open.reset();
        });
      });
  loop.run();
  // endregion
}
