#include "text/pattern.hpp"

#include "text/ecma_pattern.hpp"
#include "troupe/printable.hpp"

#include <limits>
#include <re2/re2.h>

namespace troupe::llm::detail {

namespace {

constexpr std::size_t pattern_bytes_max = 10'000;
constexpr std::size_t reason_bytes_max = 200;

// The memory of the program of a pattern, and of kept matches, so that all
// patterns of a schema have 100 MB at most.
constexpr std::size_t memory_least = std::size_t{256} << 10;
constexpr std::size_t memory_per_weight = std::size_t{2} << 10;

/// With so few characters the automaton is small enough to be kept.
constexpr std::size_t light_weight = 8;
constexpr std::size_t light_bytes_per_step = 32;
/// Else it may be made anew for each byte, of all characters.
constexpr std::size_t weight_per_step = 8;

}  // namespace

pattern::pattern(std::string_view ecma) : text_(ecma) {
  if (ecma.size() > pattern_bytes_max) {
    refuse_pattern(ecma, "has more than 10,000 bytes");
  }
  if (!is_utf8(ecma)) refuse_pattern(ecma, "is not UTF-8");
  const auto made = translated(ecma);
  weight_ = made.weight;
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  options.set_max_mem(
      static_cast<std::int64_t>(memory_least + memory_per_weight * weight_));
  auto compiled = std::make_unique<re2::RE2>(made.text, options);
  if (!compiled->ok()) {
    refuse_pattern(ecma, "is refused: RE2 says \"" +
                             printable(compiled->error(), line_breaks::joined,
                                       reason_bytes_max) +
                             "\"");
  }
  compiled_ = std::move(compiled);
}

pattern::~pattern() = default;

bool pattern::is_in(std::string_view text) const {
  return compiled_->Match({text.data(), text.size()}, 0, text.size(),
                          re2::RE2::UNANCHORED, nullptr, 0);
}

std::size_t pattern::steps_for(std::size_t bytes) const noexcept {
  if (weight_ <= light_weight) return 1 + bytes / light_bytes_per_step;
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  const auto per_byte = weight_ + light_weight;
  if (bytes >= most / per_byte) return most;
  return 1 + bytes * per_byte / weight_per_step;
}

}  // namespace troupe::llm::detail
