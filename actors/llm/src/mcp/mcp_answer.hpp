#pragma once

#include <troupe/json.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::llm::detail {

/// Looks for the answer to a request in what a server sends as its response.
/// All answers in that are about the request, whatever their ids are; one that
/// has the id of the request comes first.
///
/// Thread safety: confined to one actor or task.
class mcp_answer_search {
 public:
  /// `hears`, which may be null, is called with the method of each
  /// notification.
  mcp_answer_search(std::uint64_t id, std::string method, std::size_t bytes_max,
                    std::function<void(const std::string&)> hears = {})
      : id_(id),
        method_(std::move(method)),
        bytes_max_(bytes_max),
        hears_(std::move(hears)) {}

  /// Takes a body, or the data of an event. Whether the answer is found.
  /// Errors: throws `errc::bad_reply` for an answer that cannot be read.
  bool take(std::string_view text);
  /// The answer, once the response has ended or it is found. Null: there is
  /// none.
  [[nodiscard]] json result();
  /// Returns the replies to requests of the server, since the last call.
  [[nodiscard]] std::vector<json> replies();
  /// The beginning of the first text that is no message; empty if there was
  /// none.
  [[nodiscard]] const std::string& passed_over() const noexcept {
    return passed_over_;
  }

 private:
  bool take_lines(std::string_view lines);
  void take_message(json message);

  const std::uint64_t id_;
  const std::string method_;
  const std::size_t bytes_max_;
  const std::function<void(const std::string&)> hears_;
  std::optional<json> found_;
  /// An answer with another id, or one that is no message.
  std::optional<json> other_;
  std::vector<json> replies_;
  std::size_t replied_ = 0;
  std::string passed_over_;
};

/// Returns a text of a server as it is shown in an error: the beginning of it,
/// quoted.
[[nodiscard]] std::string shown_text(std::string_view text);

}  // namespace troupe::llm::detail
