#pragma once

#include <troupe/http/http.hpp>
#include <troupe/llm/recording.hpp>
#include <troupe/task.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace troupe::llm::detail {

class client_core;

/// A response whose body is read as it comes, from a server or a recording.
///
/// Thread safety: confined to one actor or task.
class reply_body {
 public:
  reply_body() = default;
  reply_body(const reply_body&) = delete;
  reply_body& operator=(const reply_body&) = delete;
  virtual ~reply_body() = default;

  [[nodiscard]] virtual const http_response& head() const noexcept = 0;
  /// As `http_stream::read`.
  [[nodiscard]] virtual task<std::optional<std::string>> read() = 0;
  /// All that was wanted has come, so it is worth recording.
  virtual void on_complete() {}
};

/// The whole response.
[[nodiscard]] task<http_response> send_through(
    std::shared_ptr<client_core> core, http_request request);
/// The response from its head on.
[[nodiscard]] task<std::unique_ptr<reply_body>> open_through(
    std::shared_ptr<client_core> core, http_request request);

}  // namespace troupe::llm::detail
