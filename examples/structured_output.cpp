// A reply as a C++ type. What the model gets wrong is an error, so that the
// node's retry repairs it.

#include <troupe/llm.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace {

// region: type
struct person {
  std::string name;
  int born = 0;
  std::vector<std::string> known_for;

  static auto fields() {
    using troupe::llm::field;
    return troupe::llm::fields(
        field("name", &person::name, "The full name"),
        field("born", &person::born, "The year of birth"),
        field("known_for", &person::known_for, "Up to three works"));
  }
};
// endregion

// region: node
struct extracts {
  troupe::llm::client model;

  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("text");
  }
  troupe::task<person> exec(std::string text, troupe::context& ctx) const {
    troupe::llm::chat_request ask{"Who is this text about?\n" + text};
    ask.reply_as = troupe::llm::reply_schema_of<person>("person");
    const auto reply = co_await model.chat(ctx, std::move(ask));
    co_return troupe::llm::read_reply<person>(reply);
  }
  void post(troupe::state& shared, const std::string&,
            const person& found) const {
    shared["person"] = found;
  }
};
// endregion

}  // namespace

int main() {
  troupe::system runtime;
  troupe::llm::client_options how;
  how.model = "scripted";
  // Here the retry of the node is shown, not that of the client.
  how.schema_retries = 0;

  troupe::flow_builder flow{"extract"};
  flow.add("extract", extracts{troupe::llm::client{runtime, how}},
           {.retry = {.attempts = 3}});
  troupe::run_options shown;
  shown.events = troupe::event_detail::steps;
  const auto run = runtime.start(
      flow.build(),
      {{"text", "Ada Lovelace, born in 1815, wrote notes on an engine."}},
      shown);
  auto events = run.events();
  while (const auto event = events.next()) {
    if (event->kind == troupe::event_kind::retry) {
      std::cout << "tried again: " << troupe::printable(event->text) << "\n";
    }
  }
  const auto end = run.get();
  if (!end.ok()) {
    std::cout << troupe::printable(end.failure->describe()) << "\n";
    return 1;
  }
  std::cout << end.state.at("person") << "\n";
}
