#pragma once

#include <troupe/detail/fiber/fiber_owner.hpp>

#include <caf/actor_addr.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

namespace troupe::detail {

/// The requests of one actor that are not answered, and which actors it has to
/// watch because of them.
///
/// Thread safety: confined to one actor or task.
class pending_requests {
 public:
  struct entry {
    wake_key key;
    caf::actor_addr to;
  };

  /// Returns whether it is the only one to `to`.
  bool add(std::uint64_t request, wake_key key, const caf::actor_addr& to);
  /// Removes one, and says whether it was the last to its actor.
  struct removed {
    wake_key key;
    caf::actor_addr to;
    bool was_last = false;
  };
  std::optional<removed> take(std::uint64_t request);
  /// Those to an actor, oldest first.
  [[nodiscard]] std::vector<std::uint64_t> all_to(
      const caf::actor_addr& to) const;

 private:
  std::unordered_map<std::uint64_t, entry> requests_;
  std::map<caf::actor_addr, std::size_t> counts_;
};

}  // namespace troupe::detail
