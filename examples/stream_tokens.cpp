// A reply on the terminal while it is made, and one that is interrupted.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <string>

namespace {

// region: emit
/// Its tokens are events of the run, because the client streams.
struct tells {
  troupe::llm::client model;

  troupe::task<std::string> exec(troupe::context& ctx) const {
    const auto reply = co_await model.chat(ctx, "Tell me of the sea.");
    co_return reply.text();
  }
  void post(troupe::state& shared, const std::string& text) const {
    shared["text"] = text;
  }
};
// endregion

// region: interrupt
/// Stops the model as soon as it has said enough.
struct tells_one_sentence {
  troupe::llm::client model;

  troupe::task<std::string> exec() const {
    auto reply = co_await model.open("Tell me of the sea.");
    while (reply.text().find('.') == std::string::npos) {
      if (!co_await reply.next()) break;
    }
    co_return reply.text();
  }
  void post(troupe::state& shared, const std::string& text) const {
    shared["text"] = text;
  }
};
// endregion

}  // namespace

int main() {
  troupe::system runtime;
  troupe::llm::client_options how;
  how.model = "scripted";
  how.stream = true;
  const troupe::llm::client model{runtime, how};

  // region: read
  troupe::flow_builder flow{"stream"};
  flow.add("tell", tells{model});
  const auto run = runtime.start(flow.build());
  auto events = run.events();
  int tokens = 0;
  while (const auto event = events.next()) {
    if (event->kind != troupe::event_kind::custom) continue;
    ++tokens;
    std::cout << troupe::printable(event->data.at("token").get<std::string>(),
                                   troupe::line_breaks::kept)
              << std::flush;
  }
  // endregion
  std::cout << "\n" << (tokens > 1 ? "came in parts" : "came at once") << "\n";

  troupe::flow_builder brief{"interrupt"};
  brief.add("tell", tells_one_sentence{model});
  const auto end = runtime.start(brief.build()).get();
  std::cout << troupe::printable(end.state.at("text").get<std::string>(),
                                 troupe::line_breaks::kept)
            << "\n";
}
