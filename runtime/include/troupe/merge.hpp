#pragma once

#include "troupe/delta.hpp"
#include "troupe/state.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace troupe {

/// The rule for two branches that write one place in ways that do not combine.
enum class on_conflict : std::uint8_t {
  /// Neither: errc::merge_conflict, which names the place and both branches.
  error,
  /// The branch that is merged first keeps the place.
  first,
  /// The branch that is merged last takes the place.
  last,
  /// As `error`, except that branches may set one place to the same value: for
  /// values that each finds out by itself, never for values that are read,
  /// changed and set, where all changes but one would be lost.
  agree,
};

/// Combines the writes of the branches of a batch or a fork in their parent's
/// state. The caller merges in the order of the items, so the result never
/// depends on which branch finished first.
///
/// Combine: sums, minima, maxima, appends (in the order of merging), erases of
/// one place, and sets of different places. Objects that are made on the way to
/// a place are not set. Do not combine: sets of one place, even to the same
/// value unless the rule is `agree`; a write below what another branch set or
/// erased; and different kinds of writes to one place, as set and add.
///
/// A merge costs what was written, whatever the size of the document.
///
/// Thread safety: confined to one actor or task.
class merger {
 public:
  explicit merger(on_conflict rule = on_conflict::error);
  merger(merger&&) noexcept;
  merger& operator=(merger&&) noexcept;
  ~merger();

  /// Applies the writes of branch number `branch` to `into`. `into` is the
  /// state that all branches started from, plus what this merger did to it; the
  /// first call looks at it.
  /// Errors: errc::merge_conflict under `on_conflict::error` and `agree`;
  /// `into` is then as it was before the call.
  void merge(state& into, std::size_t branch, const delta& wrote);

 private:
  struct written;
  std::unique_ptr<written> written_;
};

}  // namespace troupe
