#include "counting_flow.hpp"
#include "roles.hpp"

#include <troupe/remote/listener.hpp>
#include <troupe/system.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace chaos {

namespace {

using troupe::json;

/// A run that takes longer counts as unfinished. One takes about a second.
constexpr std::chrono::seconds patience{90};
/// Every so many runs one is cancelled on its way.
constexpr std::int64_t cancel_every = 16;
constexpr std::chrono::milliseconds cancel_after{200};

/// Makes runs, some at a time, and tells what came of each.
class lanes {
 public:
  lanes(troupe::system& system, const troupe::remote::listener& listener,
        const supervisor_options& chosen)
      : system_(system),
        listener_(listener),
        chosen_(chosen),
        flow_(counting_flow(nullptr)) {
    for (std::size_t i = 0; i < chosen.lanes; ++i) {
      threads_.emplace_back([this] { loop(); });
    }
  }
  lanes(const lanes&) = delete;
  lanes& operator=(const lanes&) = delete;
  ~lanes() { stop(); }

  /// Waits for the runs that are left. How many there were.
  std::int64_t stop() {
    is_stopping_ = true;
    for (auto& each : threads_) each.join();
    threads_.clear();
    return last_;
  }

 private:
  void loop() {
    while (!is_stopping_) make(++last_);
  }

  void make(std::int64_t number) {
    troupe::run_options options;
    options.params =
        json{{"run", number}, {"seed", chosen_.seed}, {"items", chosen_.items}};
    options.events = troupe::event_detail::steps;
    options.events_max = 100'000;
    const auto run = system_.start(flow_, initial_state(), options);
    const bool is_for_cancel = number % cancel_every == 0;
    if (is_for_cancel && !run.wait_for(cancel_after)) run.cancel();
    const auto ended = run.wait_for(patience);
    json report{{"run", number}, {"how", "ended"}};
    if (!ended) {
      report["how"] = "not ended; " + listener_.status().dump();
      run.cancel();
    } else if (!is_for_cancel || ended->ok()) {
      check_whole(*ended, report);
      check_events(run, report);
    } else if (ended->failure->code() != troupe::errc::cancelled) {
      report["how"] = ended->failure->message();
    }
    if (ended) find_doubled(ended->state, report);
    say(report.dump());
  }

  void check_whole(const troupe::outcome& ended, json& report) const {
    if (!ended.ok()) {
      report["how"] = ended.failure->message();
      return;
    }
    for (const auto& name : names()) {
      if (!ended.state.contains("/counts/" + name)) {
        report["lost"].push_back(name);
      }
    }
    int all = 0;
    for (const auto* how : {"finished", "failed", "cancelled"}) {
      all += ended.state.get_or("/outcomes/" + std::string{how}, 0);
    }
    if (all != chosen_.items) {
      report["how"] = "sub-flows do not add up: " +
                      ended.state.at("outcomes").to_json().dump();
    }
    if (ended.state.contains("why")) {
      report["how"] = ended.state.get<std::string>("why");
    }
  }

  // Each sub-flow that was started ends once for the readers of the events,
  // however often it was begun.
  void check_events(const troupe::run& run, json& report) const {
    std::map<std::string, std::size_t> started;
    std::map<std::string, std::size_t> ended;
    auto events = run.events();
    for (auto next = events.next(); next && !next->is_final;
         next = events.next()) {
      if (next->run == run.id()) continue;
      if (next->kind == troupe::event_kind::started) ++started[next->run];
      if (next->kind == troupe::event_kind::finished) ++ended[next->run];
    }
    for (const auto& [sub_flow, times] : ended) {
      if (times != 1) report["how"] = sub_flow + " ended more than once";
    }
    if (started.size() != ended.size() ||
        ended.size() != static_cast<std::size_t>(chosen_.items)) {
      report["how"] = "events of " + std::to_string(started.size()) +
                      " sub-flows that began and " +
                      std::to_string(ended.size()) + " that ended";
    }
  }

  void find_doubled(const troupe::state& from, json& report) const {
    for (const auto& name : names()) {
      if (from.get_or("/counts/" + name, 1) != 1) {
        report["doubled"].push_back(name);
      }
    }
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all{"open", "close"};
    for (int i = 0; i < chosen_.items; ++i) all.push_back(std::to_string(i));
    return all;
  }

  troupe::system& system_;
  const troupe::remote::listener& listener_;
  const supervisor_options chosen_;
  const troupe::flow flow_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::int64_t> last_{0};
  std::vector<std::thread> threads_;
};

}  // namespace

int supervise(const supervisor_options& chosen) {
  troupe::system system{{.threads = 2, .prepare = troupe::remote::network()}};
  troupe::remote::listener_options options;
  options.notice = [](const std::string& line) {
    say(json{{"notice", line}}.dump());
  };
  const troupe::remote::listener listener{system, options};
  say(json{{"listening", listener.at().text()}}.dump());
  lanes runs{system, listener, chosen};
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "stop") say(json{{"stopped", runs.stop()}}.dump());
    if (line == "status") say(json{{"status", listener.status()}}.dump());
  }
  return 0;
}

}  // namespace chaos
