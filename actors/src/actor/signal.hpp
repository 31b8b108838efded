#pragma once

#include <caf/intrusive_ptr.hpp>
#include <caf/ref_counted.hpp>

#include <cstdint>
#include <utility>

namespace troupe::detail {

/// What a signal carries besides its numbers. Shared by reference and never
/// copied: who sends it hands over what it holds.
class payload : public caf::ref_counted {
 public:
  ~payload() override;
};

using payload_ptr = caf::intrusive_ptr<payload>;

/// The kinds of signals that this layer sends itself. Others start at `own`.
namespace signal_kind {
/// A timer is due: `slot` and `generation` are those it was armed with.
inline constexpr std::uint32_t wake = 1;
inline constexpr std::uint32_t own = 16;
}  // namespace signal_kind

/// The one message between Troupe's own actors. `slot` and `generation` name
/// what in the receiver waits for it, so that a late one can be told.
///
/// It stays in its process: it has no type id, so CAF cannot send it on.
struct signal {
  explicit signal(std::uint32_t of_kind, std::uint32_t to_slot = 0,
                  std::uint64_t of_generation = 0,
                  payload_ptr with = nullptr) noexcept
      : kind{of_kind},
        slot{to_slot},
        generation{of_generation},
        body{std::move(with)} {}

  std::uint32_t kind;
  std::uint32_t slot;
  std::uint64_t generation;
  payload_ptr body;
};

}  // namespace troupe::detail
