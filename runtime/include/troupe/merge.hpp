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
/// The law. For each place the merger notes which branch wrote there first and
/// how, and which branches wrote below it; two of them are enough, as one may
/// be the branch that is merged. A write of branch b at a place p meets, from
/// the top down, one of four cases, of which the first decides:
///
/// 1. Above p stands a write of another branch: a conflict there. But a write
///    to an element that an array had before the appends of others is none.
/// 2. At p stands a write of another branch: a conflict at p, unless both do
///    the same (add, min, max, append, erase), or both set the same value and
///    the rule is not `error`.
/// 3. Below p another branch wrote: a conflict at p, unless p is an array and
///    the write appends.
/// 4. Else there is none.
///
/// A conflict is an error under `error` and `agree`, and nothing of that
/// branch is written. Under `first` that one write is left out. Under `last`
/// its place is put back to what it was before all branches, whatever was noted
/// there and below counts no more, and the write happens. So at each time no
/// two notes that count contradict each other by these cases.
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

  /// Asserts that what is noted of the branches agrees. For tests.
  void check() const;

 private:
  struct written;
  std::unique_ptr<written> written_;
};

}  // namespace troupe
