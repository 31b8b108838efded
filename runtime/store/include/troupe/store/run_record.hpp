#pragma once

#include "troupe/store/durability.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The state of a stored run.
enum class run_status : std::uint8_t {
  /// At work, or left by a process that died.
  running,
  /// Put away by its process, which ended: the next one goes on with it.
  parked,
  /// Not resumed any more: it went down with its process too often.
  quarantined,
  finished,
  failed,
  cancelled,
};

/// The name of `status` as written in the source.
[[nodiscard]] std::string_view to_string(run_status status) noexcept;
/// The status of that name, or nothing.
[[nodiscard]] std::optional<run_status> run_status_named(
    std::string_view name) noexcept;
/// Returns whether a run of that status is over.
[[nodiscard]] constexpr bool is_over(run_status status) noexcept {
  return status >= run_status::finished;
}

/// A value in its stored form: text that refers to large parts by their hash.
struct stored_text {
  /// A large part, kept once however often it is written.
  struct part {
    /// SHA-256 of `bytes`, in 64 hexadecimal digits.
    std::string hash;
    std::string bytes;

    friend bool operator==(const part&, const part&) = default;
  };

  std::string text{};
  std::vector<part> parts{};

  friend bool operator==(const stored_text&, const stored_text&) = default;
};

/// The data of a run besides its steps. Times are milliseconds since 1970, in
/// UTC; 0 stands for none.
struct run_record {
  std::string id{};
  std::string flow{};
  /// `flow_options::version`.
  std::string version{};
  /// The shape of the flow: `flow_shape`, as text.
  std::string shape{};
  run_status status = run_status::running;
  durability how = durability::normal;
  /// The initial state and the params. A run is the same as another one of its
  /// id if both have the same bytes here.
  stored_text input{};
  stored_text params{};
  /// The other options that it was started with: an object.
  std::string options{};
  /// The run, and the key of the step in it, that started this one.
  std::string parent{};
  std::string parent_key{};
  /// The run that this is a fork of, and the number of its steps up to there.
  std::string forked_from{};
  std::uint64_t forked_at = 0;
  /// The number of times that it was resumed after its process had died.
  std::uint32_t recoveries = 0;
  /// The same, since it last committed a step.
  std::uint32_t recoveries_in_vain = 0;
  /// Steps committed, of its own and of its sub-flows.
  std::uint64_t steps = 0;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::int64_t ended_ms = 0;
  std::int64_t deadline_ms = 0;
  /// The last action and the failure of one that has ended: an object. Of one
  /// in quarantine: the step at which it stood.
  std::string end{};
};

/// Selects stored runs; what is absent selects all.
struct run_query {
  std::optional<std::string> flow{};
  std::optional<std::string> version{};
  /// Any of them; empty for all.
  std::vector<run_status> statuses{};
  std::optional<std::int64_t> created_before_ms{};
  std::optional<std::int64_t> created_after_ms{};
  std::optional<std::int64_t> ended_before_ms{};
  /// A part of the text of the failure.
  std::optional<std::string> failure{};
  /// Only runs whose id sorts after this one, for the next page.
  std::string after{};
  /// The maximum number of runs. At least 1.
  std::size_t limit = 1'000;
};

}  // namespace troupe
