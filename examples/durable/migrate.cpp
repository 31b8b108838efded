// A run stands at a node that the next version of its flow does not have. A
// migration puts it at the node that came in its place.

#include "durable/lives.hpp"

#include <troupe/store.hpp>
#include <troupe/troupe.hpp>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

struct draft {
  void post(troupe::state& shared) const { shared["text"] = "a draft"; }
};

/// Waits for somebody until the process ends.
struct wait_for_review {
  troupe::task<void> exec() const {
    troupe::sleep_for day{std::chrono::hours{24}};
    co_await day;
  }
};

struct check {
  void post(troupe::state& shared) const {
    std::cout << "checks " << shared.get<std::string>("text") << " of "
              << shared.get<int>("pages") << " page\n";
  }
};

troupe::flow first_version() {
  troupe::flow_builder builder{"article", {.version = "1"}};
  builder.add("draft", draft{}) >> builder.add("review", wait_for_review{});
  return builder.build();
}

troupe::flow second_version() {
  troupe::flow_builder builder{"article", {.version = "2"}};
  builder.add("draft", draft{}) >> builder.add("check", check{});
  return builder.build();
}

// The end of the system parks the run at its last commit.
void begin(const std::filesystem::path& file) {
  troupe::system_options options;
  options.store = troupe::sqlite(file);
  const auto store = options.store;
  troupe::system runtime{options};
  const auto run = runtime.start(first_version(), {}, {.id = "article-1"});
  const auto reader = store->reader();
  for (;;) {
    const auto there = reader->find("article-1");
    if (there && there->steps == 1) return;
    std::this_thread::yield();
  }
}

int go_on(const std::filesystem::path& file) {
  // region: migration
  troupe::migration renamed;
  renamed.from = "1";
  renamed.to = "2";
  renamed.move = [](troupe::position at, troupe::state document) {
    if (at.path == std::vector<std::string>{"review"}) at.path = {"check"};
    document["pages"] = 1;
    return troupe::migrated{std::move(at), std::move(document)};
  };
  troupe::system_options options;
  options.store = troupe::sqlite(file);
  options.flows = {second_version()};
  options.migrations["article"] = {renamed};
  troupe::system runtime{options};
  for (const auto& each : runtime.resume_all()) {
    // Not so where `move` has thrown, for example: `each.why`.
    if (each.handle && !each.handle->get().ok()) return 1;
    std::cout << each.id << ": " << to_string(each.how) << "\n";
  }
  // endregion
  return 0;
}

}  // namespace

int main() {
  const lives::folder place{"migrate"};
  begin(place.path() / "runs.db");
  return go_on(place.path() / "runs.db");
}
