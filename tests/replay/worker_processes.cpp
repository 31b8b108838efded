#include "replay/worker_processes.hpp"

#include "replay/observe.hpp"
#include "replay/scripted_flow.hpp"

#include <troupe/remote/listener.hpp>
#include <troupe/remote/worker.hpp>
#include <troupe/system.hpp>

#include <csignal>
#include <iostream>
#include <spawn.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace troupe::replay {

namespace {

constexpr std::chrono::seconds join_patience{60};
constexpr const char* label = "replay";

system_options on_network() {
  system_options made;
  made.prepare = remote::network();
  return made;
}

bool has_parallel(const recorded_case& from) {
  for (const auto& [id, each] : from.elements) {
    if (each.is_parallel) return true;
  }
  return false;
}

pid_t start_again(std::vector<std::string> words) {
  words.insert(words.begin(), "replay_traces");
  std::vector<char*> arguments;
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t made = 0;
  if (posix_spawn(&made, "/proc/self/exe", nullptr, nullptr, arguments.data(),
                  environ) != 0) {
    throw std::runtime_error{"a worker cannot be started"};
  }
  return made;
}

}  // namespace

struct worker_processes::state {
  explicit state(std::size_t count, const std::vector<std::string>& files)
      : supervisor(on_network()), listening(supervisor, {}) {
    std::vector<std::string> words{"--serve", listening.at().text()};
    words.insert(words.end(), files.begin(), files.end());
    for (std::size_t i = 0; i < count; ++i) {
      started.push_back(start_again(words));
    }
  }
  ~state() {
    for (const auto each : started) kill(each, SIGKILL);
    for (const auto each : started) waitpid(each, nullptr, 0);
  }

  mutable troupe::system supervisor;
  remote::listener listening;
  std::vector<pid_t> started;
};

worker_processes::worker_processes(std::size_t count,
                                   const std::vector<std::string>& files)
    : state_(std::make_unique<state>(count, files)) {
  if (!state_->listening.wait_for_workers(count, join_patience)) {
    throw std::runtime_error{"the workers do not come"};
  }
}

worker_processes::~worker_processes() = default;

std::optional<observation> worker_processes::run(
    const recorded_case& from) const {
  auto shown = observe(state_->supervisor,
                       make_flow(from, std::make_shared<trace>(), label), from);
  if (shown) shown->is_unordered = has_parallel(from);
  return shown;
}

void serve(const std::vector<recorded_case>& cases, const std::string& at) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  troupe::system here{on_network()};
  remote::worker_options options;
  for (const auto& each : cases) {
    options.flows.push_back(make_flow(each, std::make_shared<trace>(), label));
  }
  options.join = remote::endpoint::from(at);
  options.notice = [](const std::string& line) {
    std::cerr << "replay_traces, a worker: " + line + "\n";
  };
  const remote::worker working{here, std::move(options)};
  working.wait();
}

}  // namespace troupe::replay
