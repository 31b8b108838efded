#include "support/scarce.hpp"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <iterator>
#include <new>
#include <pthread.h>

namespace {

std::atomic<bool> memory_is_scarce{false};
thread_local bool memory_is_scarce_here = false;
std::atomic<std::size_t> made{0};
std::atomic<std::size_t> first_failure{0};
std::atomic<std::size_t> failures{0};

std::atomic<bool> threads_are_scarce{false};
std::atomic<std::size_t> threads_left{0};

bool must_fail() {
  if (!memory_is_scarce.load() && !memory_is_scarce_here) return false;
  const auto number = made.fetch_add(1) + 1;
  return number >= first_failure.load() &&
         number - first_failure.load() < failures.load();
}

bool may_start() {
  if (!threads_are_scarce.load()) return true;
  auto left = threads_left.load();
  while (left > 0) {
    if (threads_left.compare_exchange_weak(left, left - 1)) return true;
  }
  return false;
}

}  // namespace

void* operator new(std::size_t size) {
  if (must_fail()) throw std::bad_alloc{};
  if (void* place = std::malloc(size == 0 ? 1 : size)) return place;
  throw std::bad_alloc{};
}
void operator delete(void* place) noexcept { std::free(place); }
void operator delete(void* place, std::size_t) noexcept { std::free(place); }

// Comes before the one of the C library, also for the threads of the C++
// library and of CAF.
extern "C" __attribute__((visibility("default"))) int pthread_create(
    pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
    void* with) {
  if (!may_start()) return EAGAIN;
  using create =
      int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto original =
      reinterpret_cast<create>(dlsym(RTLD_NEXT, "pthread_create"));
  return original(thread, attributes, start, with);
}

namespace troupe_test {

scarce_memory::scarce_memory(std::size_t first, std::size_t length,
                             memory_of whose) noexcept {
  made = 0;
  first_failure = first;
  failures = length;
  memory_is_scarce = whose == memory_of::all_threads;
  memory_is_scarce_here = true;
}

scarce_memory::~scarce_memory() {
  memory_is_scarce = false;
  memory_is_scarce_here = false;
}

std::size_t scarce_memory::allocations() noexcept { return made; }

scarce_threads::scarce_threads(std::size_t left) noexcept {
  threads_left = left;
  threads_are_scarce = true;
}

scarce_threads::~scarce_threads() { threads_are_scarce = false; }

std::size_t threads_of_process() {
  const std::filesystem::directory_iterator all{"/proc/self/task"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace troupe_test
