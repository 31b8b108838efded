#pragma once

#include "troupe/http/http_message.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::llm {

/// A recorded reply of a server.
struct recorded_reply {
  /// Status, body, and the headers that tell how to read it or when to try
  /// again; no others, so no cookies and no keys.
  http_response response;
  /// The bytes of each part in which a streamed body came; empty if it came
  /// as a whole.
  std::vector<std::size_t> parts;
};

/// Exchanges with servers as text, a line of JSON for each, to be answered
/// from again. A request is known by its method, the path of its address, and
/// its body: neither the server nor the headers matter.
///
/// Thread safety: confined to one actor or task.
class recording {
 public:
  recording() = default;

  /// The line for an exchange, without its end.
  /// Errors: throws a permanent `errc::bad_value` for bodies that are not
  /// UTF-8.
  [[nodiscard]] static std::string line_of(const http_request& request,
                                           const recorded_reply& reply);

  /// Takes the lines of a text, of which empty ones are passed over. Errors
  /// name the recording by `name`, where it has one.
  /// Errors: throws a permanent `errc::bad_value` that names the line.
  void add(std::string_view lines, std::string_view name = {});

  /// Returns the recorded reply to such a request. Where it was made several
  /// times, the answers come in their order, and the last one again and again.
  /// Errors: throws a permanent `errc::request_failed` for one that is not
  /// there.
  [[nodiscard]] const recorded_reply& next(const http_request& request);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  struct answers {
    std::vector<recorded_reply> replies;
    std::size_t next = 0;
  };

  std::map<std::string, answers> known_;
  std::size_t size_ = 0;
  /// In words: "the recording 'file'".
  std::string name_ = "the recording";
};

}  // namespace troupe::llm
