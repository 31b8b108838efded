// Any bytes, in any pieces, are taken by the parser of server-sent events, and
// make the same events.

#include <troupe/error.hpp>
#include <troupe/http/sse.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t event_max = 4096;

/// The events of `text`, fed in pieces of `size` bytes.
std::vector<std::string> events_of(std::string_view text, std::size_t size) {
  std::vector<std::string> found;
  troupe::sse_parser parser{event_max};
  try {
    while (!text.empty()) {
      parser.feed(text.substr(0, size));
      text.remove_prefix(std::min(size, text.size()));
      while (auto event = parser.next()) {
        found.push_back(event->type + "\n" + event->id + "\n" + event->data);
      }
    }
  } catch (const troupe::error& why) {
    if (why.code() != troupe::errc::too_large) std::abort();
    found.emplace_back("too long");
  }
  return found;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const std::size_t piece = 1 + data[0] % 7;
  const auto body = text.substr(1);
  // If an event is too long, the text before it depends on the pieces.
  if (body.size() < event_max &&
      events_of(body, body.size()) != events_of(body, piece)) {
    std::abort();
  }
  static_cast<void>(events_of(body, piece));
  return 0;
}
