#include "troupe/detail/fiber/held_permits.hpp"

#include "troupe/context.hpp"

namespace troupe::detail {

namespace {

// Returns the path of the innermost step that holds them.
std::string holder_of(const held_permits* held) {
  for (; held != nullptr; held = held->above) {
    if (held->holder != nullptr) return held->holder->node_path();
  }
  return {};
}

}  // namespace

void held_permits::add(const void* lender, const std::shared_ptr<void>& permit,
                       std::uint32_t count) {
  std::erase_if(entries,
                [](const entry& each) { return each.permit.expired(); });
  entries.push_back({lender, permit, count});
}

void held_permits::add(const void* lender,
                       const std::shared_ptr<permit_mark>& permit,
                       std::uint32_t count) {
  add(lender, std::shared_ptr<void>{permit}, count);
  entries.back().was_moved =
      std::shared_ptr<const std::atomic<bool>>{permit, &permit->was_moved};
}

std::vector<std::shared_ptr<void>> permits_in(const held_permits* held) {
  std::vector<std::shared_ptr<void>> all;
  for (; held != nullptr; held = held->above) {
    for (const auto& each : held->entries) {
      if (auto permit = each.permit.lock()) all.push_back(std::move(permit));
    }
  }
  return all;
}

std::vector<held_token> tokens_in(const held_permits* held) {
  std::vector<held_token> all;
  for (; held != nullptr && !held->ends_by_itself; held = held->above) {
    for (const auto& each : held->entries) {
      if (each.lender == nullptr || each.permit.expired()) continue;
      all.push_back({each.lender, each.permit, each.count, holder_of(held),
                     each.was_moved});
    }
  }
  return all;
}

}  // namespace troupe::detail
