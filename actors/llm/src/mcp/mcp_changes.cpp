#include "mcp/mcp_changes.hpp"

#include <troupe/error.hpp>
#include <troupe/llm/mcp_protocol.hpp>

namespace troupe::llm::detail {

void mcp_changes::on_head(const http_response& head) {
  is_good_ = head.status < 300;
}

void mcp_changes::on_part(std::string_view bytes) {
  if (!is_good_ || is_over_) return;
  try {
    events_.feed(bytes);
    while (const auto event = events_.next()) take(event->data);
  } catch (const error&) {
    // A text that is too long, or no stream, tells of nothing.
    on_end();
  }
}

void mcp_changes::take(const std::string& data) {
  for (const auto& each : mcp::read_text(data, bytes_max_).messages) {
    const auto told = mcp::message_in(each);
    if (!told || told->answer) continue;
    if (told->method == "notifications/subscriptions/acknowledged") {
      is_agreed_ = true;
    } else if (hears_) {
      hears_(told->method);
    }
  }
}

void mcp_changes::on_end() {
  if (is_over_.exchange(true)) return;
  if (is_agreed_ && hears_) hears_("notifications/tools/list_changed");
}

}  // namespace troupe::llm::detail
