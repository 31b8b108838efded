// Plain nodes and coroutines in one flow: load and report are functions, to
// summarise is a coroutine that waits for an answer and holds no thread.

#include <troupe/troupe.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

// region: plain
struct load {
  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("file");
  }
  std::string exec(const std::string& file) const {
    return "Notes of " + file.substr(0, 1) + ". More follows. And more.";
  }
  void post(troupe::state& shared, const std::string& /*file*/,
            std::string text) const {
    shared["text"] = std::move(text);
  }
};
// endregion

// region: coroutine
struct summarize {
  std::string prep(const troupe::state& shared) const {
    return shared.get<std::string>("text");
  }
  troupe::task<std::string> exec(std::string text) const {
    co_await troupe::sleep_for(10ms);  // a model would think here
    co_return text.substr(0, text.find('.') + 1);
  }
  troupe::action post(troupe::state& shared, const std::string& /*text*/,
                      std::string summary) const {
    if (summary.empty()) return "nothing_said";
    shared["summary"] = std::move(summary);
    return {};
  }
};
// endregion

int main() {
  troupe::flow_builder flow{"async_summarize"};
  const auto loaded = flow.add("load", load{});
  const auto summarized = flow.add("summarize", summarize{});
  const auto reported = flow.add("report", [](troupe::state& shared) {
    shared["report"] = shared.get<std::string>("file") + ": " +
                       shared.get<std::string>("summary");
  });
  const auto skipped = flow.add("skip", [](troupe::state& shared) {
    shared["report"] = shared.get<std::string>("file") + ": nothing said";
  });
  loaded >> summarized >> reported;
  (summarized - "nothing_said") >> skipped;
  const auto built = flow.build();

  // region: many
  troupe::system runtime;
  std::vector<troupe::run> runs;
  for (const char* file : {"a.txt", "b.txt", "c.txt"}) {
    runs.push_back(runtime.start(built, {{"file", file}}));
  }
  for (const auto& run : runs) {
    const troupe::outcome end = run.get();
    std::cout << end.state.get<std::string>("report") << "\n";
  }
  // endregion
}
