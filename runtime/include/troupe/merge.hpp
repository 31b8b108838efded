#pragma once

#include "troupe/delta.hpp"
#include "troupe/state.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace troupe {

/// Who wins when two branches write one place in ways that do not combine.
enum class on_conflict : std::uint8_t {
  /// Nobody: errc::merge_conflict, naming the place and both branches.
  error,
  /// The branch that is merged first keeps the place.
  first,
  /// The branch that is merged last takes the place.
  last,
};

/// Combines what the branches of a batch or a fork wrote into their parent's
/// state. The caller merges in the order of the items, so the result never
/// depends on which branch finished first.
///
/// Combine: sums, minima, maxima, appends (in the order of merging), sets of
/// different places, and equal sets or erases of one place. Do not: different
/// sets of one place, a write below what another branch set or erased, and
/// different kinds of writes to one place, as set and add.
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

  /// Writes into `into` what the branch numbered `branch` wrote. `into` is
  /// the state that all branches started from, plus what this merger did to
  /// it; the first call looks at it.
  /// Errors: errc::merge_conflict under `on_conflict::error`; `into` is then
  /// as it was before the call.
  void merge(state& into, std::size_t branch, const delta& wrote);

 private:
  struct written;
  std::unique_ptr<written> written_;
};

}  // namespace troupe
