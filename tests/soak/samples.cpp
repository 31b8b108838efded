#include "samples.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <malloc.h>
#include <unistd.h>

namespace soak {

namespace {

using samples = std::vector<sample>;

std::size_t entries_of(const char* folder) {
  const std::filesystem::directory_iterator all{folder};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

template <class T>
T median(samples::const_iterator first, samples::const_iterator last,
         T sample::*member) {
  std::vector<T> all;
  for (; first != last; ++first) all.push_back((*first).*member);
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

/// The most threads and descriptors that there were.
sample most_of(samples::const_iterator first, samples::const_iterator last) {
  sample most;
  for (; first != last; ++first) {
    most.threads = std::max(most.threads, first->threads);
    most.descriptors = std::max(most.descriptors, first->descriptors);
  }
  return most;
}

sample median_of(samples::const_iterator first, samples::const_iterator last) {
  return {median(first, last, &sample::rss_mb),
          median(first, last, &sample::threads),
          median(first, last, &sample::descriptors)};
}

}  // namespace

sample take_sample() {
  malloc_trim(0);
  std::size_t all_pages = 0;
  std::size_t pages = 0;
  std::ifstream{"/proc/self/statm"} >> all_pages >> pages;
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  // The folder is open itself while it is read.
  return {static_cast<double>(pages) * page / 1e6,
          entries_of("/proc/self/task"), entries_of("/proc/self/fd") - 1};
}

std::optional<verdict> judge(const samples& all) {
  const auto warm = std::max<std::size_t>(3, all.size() / 10);
  if (all.size() < warm + 3) return std::nullopt;
  const auto third = static_cast<std::ptrdiff_t>((all.size() - warm) / 3);
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(warm);
  verdict found{median_of(begin, begin + third),
                median_of(all.end() - third, all.end()),
                {}};
  if (found.last.rss_mb > found.first.rss_mb * 1.05 + 2) {
    found.growth.emplace_back("memory has grown");
  }
  const auto most = most_of(begin, begin + third);
  if (found.last.threads > most.threads) {
    found.growth.emplace_back("there are more threads");
  }
  if (found.last.descriptors > most.descriptors) {
    found.growth.emplace_back("there are more descriptors");
  }
  return found;
}

}  // namespace soak
