#include "troupe/detail/node/unbegun_note.hpp"

#include "troupe/error.hpp"

#include <chrono>
#include <string>

namespace troupe::detail {

namespace {

thread_local unbegun_note* current = nullptr;

}  // namespace

void throw_unbegun() {
  throw error{errc::shut_down, "the system was shut down"};
}

void throw_timed_out(std::optional<duration> waited) {
  if (!waited) throw error{errc::timed_out, "took longer than its time limit"};
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(*waited).count();
  throw error{errc::timed_out,
              "waited " + std::to_string(ms) +
                  " ms in the queue of the blocking pool and never began; the "
                  "threads of the pool are busy, see "
                  "system_options.blocking_threads_max"};
}

unbegun_note::unbegun_note() noexcept : outer_(current) { current = this; }

unbegun_note::~unbegun_note() { current = outer_; }

void unbegun_note::leave(duration waited) noexcept {
  if (current != nullptr) current->waited_ = waited;
}

}  // namespace troupe::detail
