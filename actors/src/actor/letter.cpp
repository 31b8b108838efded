#include "actor/letter.hpp"

#include "threads/letter_reserve.hpp"

#include <chrono>
#include <thread>

namespace troupe::detail {

void* letter::operator new(std::size_t size) noexcept {
  static_assert(sizeof(letter) <= letter_reserve::size);
  for (;;) {
    if (void* place = ::operator new(size, std::nothrow)) return place;
    if (void* place = reserve_of_letters.take()) return place;
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

void letter::operator delete(void* place) noexcept {
  if (reserve_of_letters.owns(place)) {
    reserve_of_letters.put(place);
  } else {
    ::operator delete(place);
  }
}

}  // namespace troupe::detail
