#include "troupe/detail/fiber/fiber_owner.hpp"

#include "troupe/detail/fiber/step_scope.hpp"
#include "troupe/detail/placed/placed_work.hpp"
#include "troupe/error.hpp"
#include "troupe/task.hpp"

#include <cassert>
#include <string>
#include <utility>

namespace troupe::detail {

void throw_too_deep() {
  throw error{errc::too_deep, "tasks await each other deeper than " +
                                  std::to_string(task_depth_max) + " levels"};
}

void throw_empty_task() {
  throw error{errc::bad_flow,
              "a task was awaited that is empty: it has no coroutine, or was "
              "moved from"};
}

void throw_begun_task() {
  throw error{errc::bad_flow,
              "a task was awaited twice; keep what the first co_await gave"};
}

step_scope& step_scope::here() noexcept {
  static thread_local constinit step_scope known;
  return known;
}

wake_key waiter::enlist(fiber_owner& host, std::coroutine_handle<> handle) {
  assert(host_ == nullptr);
  if (host.free_ == fiber_owner::none) host.free_ = host.add_slot();
  const std::uint32_t index = host.free_;
  auto& slot = host.slot_at(index);
  host.free_ = std::exchange(slot.next, fiber_owner::none);
  slot.who = this;
  ++host.waiting_;
  host_ = &host;
  handle_ = handle;
  key_ = {index, slot.generation};
  const auto& scope = step_scope::here();
  keeper_ = scope.keeper;
  item_ = scope.item;
  return key_;
}

void waiter::withdraw() noexcept {
  if (host_ == nullptr) return;
  auto& slot = host_->slot_at(key_.slot);
  slot.who = nullptr;
  ++slot.generation;
  slot.next = std::exchange(host_->free_, key_.slot);
  --host_->waiting_;
  host_ = nullptr;
}

bool fiber_owner::wake(wake_key key, void* answer) {
  if (key.slot >= slots_) return false;
  const auto& found = slot_at(key.slot);
  if (found.who == nullptr || found.generation != key.generation) return false;
  auto& who = *found.who;
  who.receive(answer);
  const auto handle = who.handle_;
  const in_scope scope{{who.keeper_, nullptr, who.item_}};
  who.withdraw();
  handle.resume();
  return true;
}

std::uint32_t fiber_owner::add_slot() {
  if (slots_ != 0) {
    if (!others_) others_ = std::make_unique<std::vector<slot>>();
    others_->emplace_back();
  }
  return slots_++;
}

std::uint64_t fiber_owner::place(placed_work, wake_key) {
  throw error{errc::shut_down, "the system does not listen for workers"};
}

void fiber_owner::recall(std::uint64_t) noexcept {}

}  // namespace troupe::detail
