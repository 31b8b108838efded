#pragma once

#include "replies/reply_fields.hpp"
#include "troupe/llm/chat.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::llm::detail {

/// Returns the unknown members of a call of OpenAI's chat completions.
[[nodiscard]] server_content kept_of_call(const json& form);

/// The calls of a list of whole ones.
[[nodiscard]] std::vector<tool_call> calls_in(const reply_fields& list);

/// Puts the calls of a stream of OpenAI's chat completions together.
///
/// A piece belongs to the call of its id; without an id, to the last one of its
/// index; without both, to the last one. A piece that has the name of a tool
/// begins a call where that one is complete.
///
/// Thread safety: confined to one actor or task.
class streamed_calls {
 public:
  void take(const reply_fields& pieces);
  [[nodiscard]] bool empty() const noexcept { return calls_.empty(); }
  /// Errors: throws `errc::bad_reply` for a call that names no tool.
  [[nodiscard]] std::vector<tool_call> finish();

 private:
  struct call {
    std::string id;
    std::optional<std::uint64_t> index;
    std::string name;
    std::string arguments;
    /// The last piece of them.
    std::string last;
    json unknown;
  };
  struct piece;

  [[nodiscard]] call& place_of(const piece& from, bool follows);
  [[nodiscard]] call& begun();
  void add(const piece& from, bool follows);

  std::vector<call> calls_;
  /// Each piece of a call has an id of its own.
  bool makes_up_ids_ = false;
};

}  // namespace troupe::llm::detail
