#pragma once

#include <troupe/http/detail/redaction.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// A streamed body without the secrets that are split over its events: those
/// in the texts that one member has in all events together. Nothing where there
/// are none, also in a body that is no stream of JSON.
[[nodiscard]] std::optional<std::string> without_split(
    const troupe::detail::secrets& hidden, std::string_view body);

/// Takes secrets out of a text that comes in parts. What may be the beginning
/// of one is held back until the rest is there.
///
/// Thread safety: confined to one actor or task.
class masked_parts {
 public:
  /// `hidden` must outlive it.
  explicit masked_parts(const troupe::detail::secrets& hidden)
      : hidden_(hidden) {}

  /// The text that can be shown now; may be empty.
  [[nodiscard]] std::string add(std::string_view part);
  /// The text that was held back.
  [[nodiscard]] std::string finish();

 private:
  const troupe::detail::secrets& hidden_;
  std::string held_;
};

}  // namespace troupe::llm::detail
