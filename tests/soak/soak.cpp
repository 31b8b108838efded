// Runs a mixed workload for minutes, and fails where memory, threads or
// descriptors grow. See tests/soak.sh.

#include "samples.hpp"
#include "workload.hpp"

#ifdef SOAK_WITH_MODELS
#include "model_work.hpp"
#endif

#include <troupe/clock.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <exception>
#include <iomanip>
#include <iostream>
#include <vector>

namespace {

using minutes = std::chrono::duration<double, std::ratio<60>>;

void print_minute(double at, std::size_t rounds, const soak::sample& now) {
  std::cout << std::fixed << std::setprecision(1) << "minute " << at << ": "
            << rounds << " rounds, " << now.rss_mb << " MB, " << now.threads
            << " threads, " << now.descriptors << " descriptors" << std::endl;
}

int report(const std::vector<soak::sample>& all) {
  const auto found = soak::judge(all);
  if (!found) {
    std::cout << "only " << all.size() << " rounds, too few to judge\n";
    return 2;
  }
  for (const auto& each : found->growth) std::cout << each << "\n";
  std::cout << std::fixed << std::setprecision(1) << "rounds " << all.size()
            << ", rss_first " << found->first.rss_mb << " MB, rss_last "
            << found->last.rss_mb << " MB, threads " << found->first.threads
            << "/" << found->last.threads << ", descriptors "
            << found->first.descriptors << "/" << found->last.descriptors
            << std::endl;
  return found->growth.empty() ? 0 : 1;
}

int run(int count, char** words) {
  CLI::App app{"A workload for minutes, which must not grow"};
  double length = 10;
  app.add_option("--minutes", length, "How long; fractions are allowed")
      ->check(CLI::Range(0.01, 10'000.0));
  CLI11_PARSE(app, count, words);

  soak::workload work;
#ifdef SOAK_WITH_MODELS
  soak::add_model_work(work);
#endif
  std::vector<soak::sample> all;
  const auto began = troupe::clock::steady().now();
  double told = 0;
  for (double at = 0; at < length || all.size() < 9;) {
    work.round();
    all.push_back(soak::take_sample());
    at = minutes{troupe::clock::steady().now() - began}.count();
    if (at < told + 1) continue;
    told = at;
    print_minute(at, all.size(), all.back());
  }
  return report(all);
}

}  // namespace

int main(int count, char** words) {
  try {
    return run(count, words);
  } catch (const std::exception& why) {
    std::cerr << "soak: " << why.what() << "\n";
    return 2;
  }
}
