#pragma once

#include "troupe/store/run_record.hpp"

#include <troupe/detail/node/fan_out_progress.hpp>
#include <troupe/detail/node/position.hpp>
#include <troupe/error.hpp>
#include <troupe/state.hpp>
#include <troupe/value.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace troupe::detail {

/// Gives the bytes of a part. Errors: throws where it is not there.
using part_source = std::function<std::string(std::string_view hash)>;

/// The size from which a part of a value is kept apart, in bytes of its text.
inline constexpr std::size_t part_min = 4'096;

/// The stored form of `from`: JSON text, in which a text, or a member of the
/// outermost object, of `part_min` bytes or more is replaced by an object
/// {"$part": hash}. A key of the user's own that begins with '$' gets another
/// one before it. What is read back is the same, bit for bit: 1 and 1.0, -0.0
/// and 0, integers of 64 bits, any key.
/// Errors: throws a permanent `errc::too_large` for a form of more than
/// `stored_max` bytes, its parts included.
[[nodiscard]] stored_text stored_form(const value& from);
/// Reads what `stored_form` gave.
/// Errors: throws `errc::store_failed` for anything else.
[[nodiscard]] value value_from(const stored_text& form,
                               const part_source& parts);

inline constexpr std::size_t stored_max = std::size_t{256} << 20;

/// A commit of a step.
struct step_form {
  /// The place after it.
  position then{};
  troupe::action action{};
  delta wrote{};
  /// Retries that the run had made by then.
  std::uint64_t retries = 0;

  [[nodiscard]] stored_text to_text() const;
  [[nodiscard]] static step_form from(const stored_text& text,
                                      const part_source& parts);
};

/// A failed attempt.
struct attempt_form {
  /// The place after it: a wait, another attempt, the fallback.
  position then{};
  /// The end of the wait, in milliseconds since 1970; 0 if there is none.
  std::int64_t due_ms = 0;
  std::uint64_t retries = 0;
  /// The result of `prep`, if it can be kept.
  std::optional<value> prepared{};

  [[nodiscard]] stored_text to_text() const;
  [[nodiscard]] static attempt_form from(const stored_text& text,
                                         const part_source& parts);
};

/// All of a run, or a sub-flow, up to a step.
struct snapshot_form {
  position then{};
  /// The state of a run.
  state document{};
  /// The writes of a sub-flow so far, which its state does not tell.
  delta wrote{};
  std::uint64_t retries = 0;

  [[nodiscard]] stored_text to_text() const;
  [[nodiscard]] static snapshot_form from(const stored_text& text,
                                          const part_source& parts);
};

/// The end of a sub-flow, or of an item whose actor died: `branch_end`.
[[nodiscard]] stored_text stored_form(const branch_end& from);
[[nodiscard]] branch_end branch_end_from(const stored_text& text,
                                         const part_source& parts);

/// The end of an effect: what it gave, or how it failed for good.
struct effect_form {
  value result{};
  std::optional<error> failure{};

  [[nodiscard]] stored_text to_text() const;
  [[nodiscard]] static effect_form from(const stored_text& text,
                                        const part_source& parts);
};

/// The end of a run.
struct end_form {
  troupe::action action{};
  std::optional<error> failure{};

  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] static end_form from(std::string_view text);
};

}  // namespace troupe::detail
