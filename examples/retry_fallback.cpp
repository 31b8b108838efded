// A node that fails is tried again after a growing wait; when no attempt is
// left, its fallback gives the result. The events show what happened.

#include <troupe/troupe.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

// region: node
struct summarize {
  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("text");
  }
  std::string exec(const std::string& text, const troupe::context& ctx) const {
    if (text.empty()) throw troupe::permanent_error("there is no text");
    if (text == "hard") throw std::runtime_error("the model is busy");
    if (ctx.attempt() < 2) throw std::runtime_error("the line is bad");
    return "summary of " + text;
  }
  std::string fallback(const std::string& /*text*/,
                       const troupe::error& why) const {
    return "no summary, " + why.message();
  }
  void post(troupe::state& shared, const std::string& /*text*/,
            const std::string& summary) const {
    shared["summary"] = summary;
  }
};
// endregion

// region: events
void print(troupe::event_reader events) {
  while (const auto told = events.next()) {
    std::cout << "  " << to_string(told->kind);
    if (!told->node.empty()) std::cout << " " << told->node;
    if (told->kind == troupe::event_kind::attempt) {
      std::cout << " " << told->attempt;
    }
    if (!told->text.empty()) std::cout << ": " << told->text;
    std::cout << "\n";
  }
}
// endregion

int main() {
  // region: options
  troupe::node_options patient;
  patient.retry.attempts = 3;
  patient.retry.wait = 1ms;
  patient.retry.backoff = 2;
  patient.retry.wait_max = 1min;
  patient.retry.jitter = troupe::jitter::full;
  patient.retry.when = [](const troupe::error& why) {
    return why.message() != "the text is too long";
  };
  // endregion
  troupe::flow_builder flow{"retry_fallback"};
  flow.add("summarize", summarize{}, patient);
  const auto built = flow.build();

  troupe::system runtime;
  for (const std::string text : {"easy", "hard", ""}) {
    const auto run = runtime.start(built, {{"text", text}},
                                   {.events = troupe::event_detail::steps});
    std::cout << "'" << text << "'\n";
    print(run.events());
    std::cout << "  " << run.get().state.get<std::string>("summary") << "\n";
  }
}
