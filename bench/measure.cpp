#include "measure.hpp"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <fstream>
#include <iostream>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

namespace troupe::bench {

namespace {

double seconds(const timeval& span) {
  return static_cast<double>(span.tv_sec) +
         static_cast<double>(span.tv_usec) * 1e-6;
}

/// What the system says of this process; see proc(5).
std::size_t status_of(const std::string& name) {
  std::ifstream file{"/proc/self/status"};
  for (std::string word; file >> word;) {
    if (word != name) continue;
    std::size_t found = 0;
    file >> found;
    return found;
  }
  return 0;
}

}  // namespace

double now_ns() {
  return std::chrono::duration<double, std::nano>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::size_t rss_bytes() {
  std::ifstream file{"/proc/self/statm"};
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::size_t trimmed_rss_bytes() {
  malloc_trim(0);
  return rss_bytes();
}

std::size_t peak_rss_bytes() { return status_of("VmHWM:") * 1024; }

std::size_t threads_now() { return status_of("Threads:"); }

void forget_peak() {
  malloc_trim(0);
  // "5" resets the high-water mark; see proc(5).
  std::ofstream{"/proc/self/clear_refs"} << '5';
}

double samples::median() const {
  assert(!figures_.empty());
  auto sorted = figures_;
  const auto middle =
      sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

double samples::least() const {
  return *std::min_element(figures_.begin(), figures_.end());
}

double samples::most() const {
  return *std::max_element(figures_.begin(), figures_.end());
}

void report::set(const std::string& key, const samples& figures) {
  set(key, figures.median());
  if (figures.most() - figures.least() <= 0.1 * figures.median()) return;
  set(key + "_least", figures.least());
  set(key + "_most", figures.most());
}

void report::print(bool as_json) const {
  if (as_json) {
    std::cout << figures_.dump() << '\n';
    return;
  }
  for (const auto& [key, figure] : figures_.items()) {
    std::cout << key << ": "
              << (figure.is_string() ? figure.get<std::string>()
                                     : figure.dump())
              << '\n';
  }
}

}  // namespace troupe::bench
