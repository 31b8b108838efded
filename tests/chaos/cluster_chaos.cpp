// The processes of the chaos test: a supervisor or one of its workers. Started
// and ill-treated by chaos.py.

#include "roles.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <mutex>
#include <string>

#ifdef __linux__
#include <csignal>
#include <sys/prctl.h>
#endif

namespace {

// Whoever started this may be killed itself, and then nobody would end it.
void end_with_parent() {
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
}

int run(int count, char** words) {
  CLI::App app{"A supervisor or a worker of the chaos test"};
  app.require_subcommand(1);
  chaos::supervisor_options supervisor;
  auto* supervise = app.add_subcommand("supervisor", "Makes runs");
  supervise->add_option("--seed", supervisor.seed, "Of what items take");
  supervise->add_option("--items", supervisor.items, "Sub-flows of each run")
      ->check(CLI::PositiveNumber);
  supervise->add_option("--lanes", supervisor.lanes, "Runs at the same time")
      ->check(CLI::PositiveNumber);
  chaos::worker_role_options worker;
  auto* work = app.add_subcommand("worker", "Works until SIGTERM");
  work->add_option("--join", worker.join, "HOST:PORT")->required();
  work->add_option("--name", worker.name, "What it is called")->required();
  work->add_option("--journal", worker.journal, "What it writes")->required();
  work->add_option("--capacity", worker.capacity, "How much it does at once")
      ->check(CLI::PositiveNumber);
  CLI11_PARSE(app, count, words);
  return work->parsed() ? chaos::work(worker) : chaos::supervise(supervisor);
}

}  // namespace

void chaos::say(const std::string& line) {
  static std::mutex turns;
  const std::lock_guard lock{turns};
  std::cout << line << std::endl;
}

int main(int count, char** words) {
  end_with_parent();
  try {
    return run(count, words);
  } catch (const std::exception& why) {
    std::cerr << "cluster_chaos: " << why.what() << "\n";
    return 2;
  }
}
