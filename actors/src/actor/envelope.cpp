#include "actor/envelope.hpp"

#include "threads/envelope_reserve.hpp"

#include <chrono>
#include <thread>

namespace troupe::detail {

void* envelope::operator new(std::size_t size) noexcept {
  static_assert(sizeof(envelope) <= envelope_reserve::size);
  for (;;) {
    if (void* place = ::operator new(size, std::nothrow)) return place;
    if (void* place = reserve_of_envelopes.take()) return place;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

void envelope::operator delete(void* place) noexcept {
  if (reserve_of_envelopes.owns(place)) {
    reserve_of_envelopes.put(place);
  } else {
    ::operator delete(place);
  }
}

}  // namespace troupe::detail
