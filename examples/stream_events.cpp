// A node that streams: it reads server-sent events from an HTTP server and
// passes each on while the exchange goes on.

#include <troupe/http.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

// region: node
struct read_events {
  troupe::http_client web;
  std::string url;

  troupe::task<int> exec(troupe::context& ctx) const {
    troupe::http_request ask{url};
    ask.headers = {{"accept", "text/event-stream"}};
    auto stream = co_await web.open(std::move(ask));
    if (stream.head().status != 200) throw std::runtime_error("was refused");
    troupe::sse_parser parser;
    int count = 0;
    while (true) {
      const auto bytes = co_await stream.read();
      if (!bytes) break;
      parser.feed(*bytes);
      while (const auto each = parser.next()) {
        ctx.emit(each->data);
        ++count;
      }
    }
    co_return count;
  }
  void post(troupe::state& shared, int count) const { shared["count"] = count; }
};
// endregion

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: stream_events URL\n";
    return 2;
  }
  // region: run
  troupe::system runtime;
  const troupe::http_client web{runtime};
  troupe::flow_builder builder{"stream_events"};
  builder.add("read", read_events{web, argv[1]}, {.retry = {.attempts = 3}});
  const auto run = runtime.start(builder.build());
  auto events = run.events();
  while (const auto told = events.next()) {
    if (told->kind == troupe::event_kind::custom) {
      std::cout << troupe::printable(told->data.get<std::string>(),
                                     troupe::line_breaks::kept)
                << std::flush;
    }
  }
  // endregion
  const auto end = run.get();
  if (!end.ok()) {
    std::cerr << troupe::printable(end.failure->describe()) << "\n";
    return 1;
  }
  std::cout << "\n" << end.state.get<int>("count") << " events\n";
}
