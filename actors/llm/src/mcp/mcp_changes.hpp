#pragma once

#include "http/exchange.hpp"
#include "mcp/mcp_transport.hpp"

#include <troupe/http/sse.hpp>

#include <atomic>
#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::llm::detail {

/// The stream on which a server of 2026-07-28 tells that its tools have
/// changed: the response to "subscriptions/listen". Once it has ended, changes
/// may have been missed, so that its end counts as one.
///
/// Thread safety: one thread brings what comes; `is_over` and `is_refused` are
/// synchronised.
class mcp_changes final : public troupe::detail::exchange_observer {
 public:
  mcp_changes(std::size_t bytes_max, mcp_hearing hears)
      : bytes_max_(bytes_max), events_(bytes_max), hears_(std::move(hears)) {}

  void on_head(const http_response& head) override;
  void on_part(std::string_view bytes) override;
  void on_end() override;

  [[nodiscard]] bool is_over() const noexcept { return is_over_; }
  /// True if the server did not agree to tell of changes.
  [[nodiscard]] bool is_refused() const noexcept {
    return is_over_ && !is_agreed_;
  }

 private:
  void take(const std::string& data);

  const std::size_t bytes_max_;
  sse_parser events_;
  const mcp_hearing hears_;
  bool is_good_ = false;
  std::atomic<bool> is_agreed_ = false;
  std::atomic<bool> is_over_ = false;
};

}  // namespace troupe::llm::detail
