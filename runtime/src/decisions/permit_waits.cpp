#include "troupe/detail/fiber/permit_waits.hpp"

#include <algorithm>
#include <map>
#include <memory>

namespace troupe::detail {

namespace {

/// A permit that several waits may hold: each coroutine that an attempt awaits
/// holds the permits of the attempt.
struct shared_permit {
  /// Keeps another permit from getting the same address meanwhile.
  std::shared_ptr<void> alive;
  const void* lender = nullptr;
  std::uint32_t count = 0;
  std::size_t holders = 0;
};

struct lender_state {
  /// The number of its permits that are held by waits that have not ended.
  std::uint64_t held = 0;
  /// The waits for them, the smallest first, and the first that still waits.
  std::vector<std::size_t> waits;
  std::size_t next = 0;
};

class reduction {
 public:
  explicit reduction(std::span<const permit_wait> waits)
      : waits_(waits), held_by_(waits.size()), ends_(waits.size()) {
    for (std::size_t i = 0; i < waits.size(); ++i) {
      lenders_[waits[i].lender].waits.push_back(i);
      for (const auto& token : waits[i].holds) hold(i, token);
    }
    for (auto& [name, lender] : lenders_) {
      std::stable_sort(lender.waits.begin(), lender.waits.end(),
                       [&](std::size_t a, std::size_t b) {
                         return waits_[a].count < waits_[b].count;
                       });
    }
  }

  /// Lets waits end that can, until none can. Returns the others.
  std::vector<std::size_t> waits_left() {
    std::vector<lender_state*> open;
    for (auto& [name, lender] : lenders_) open.push_back(&lender);
    while (!open.empty()) {
      auto& lender = *open.back();
      open.pop_back();
      while (lender.next < lender.waits.size()) {
        const auto index = lender.waits[lender.next];
        if (lender.held + waits_[index].count > waits_[index].permits) break;
        ++lender.next;
        ends_[index] = true;
        give_back(index, open);
      }
    }
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      if (!ends_[i]) left.push_back(i);
    }
    return left;
  }

 private:
  void hold(std::size_t index, const held_token& token) {
    const auto permit = token.permit.lock();
    if (!permit) return;
    auto& mine = held_by_[index];
    if (std::find(mine.begin(), mine.end(), permit.get()) != mine.end()) return;
    mine.push_back(permit.get());
    auto& shared = permits_[permit.get()];
    if (shared.holders++ > 0) return;
    shared.alive = permit;
    shared.lender = token.lender;
    shared.count = token.count;
    lenders_[token.lender].held += token.count;
  }

  void give_back(std::size_t index, std::vector<lender_state*>& open) {
    for (const void* permit : held_by_[index]) {
      auto& shared = permits_[permit];
      if (--shared.holders > 0) continue;
      auto& lender = lenders_[shared.lender];
      lender.held -= shared.count;
      open.push_back(&lender);
    }
  }

  std::span<const permit_wait> waits_;
  std::map<const void*, shared_permit> permits_;
  std::map<const void*, lender_state> lenders_;
  std::vector<std::vector<const void*>> held_by_;
  std::vector<bool> ends_;
};

}  // namespace

std::vector<std::size_t> waits_without_end(std::span<const permit_wait> waits) {
  return reduction{waits}.waits_left();
}

}  // namespace troupe::detail
