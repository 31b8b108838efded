// Any text is read as a recording, or refused by name; what was read answers.
// So it is with the words that command lines take: addresses and numbers.

#include "../../tools/troupe/seconds.hpp"

#include <troupe/error.hpp>
#include <troupe/http/url.hpp>
#include <troupe/llm/recording.hpp>
#include <troupe/printable.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void replay(std::string_view text) {
  troupe::llm::recording read;
  try {
    read.add(text, "a file");
  } catch (const troupe::error& why) {
    if (why.code() != troupe::errc::bad_value) std::abort();
    if (!troupe::is_utf8(why.message())) std::abort();
    return;
  }
  troupe::http_request asked{"POST", "http://host/v1/chat/completions"};
  asked.body = "{}";
  try {
    const auto& reply = read.next(asked);
    const auto line = troupe::llm::recording::line_of(asked, reply);
    troupe::llm::recording again;
    again.add(line);
    if (again.size() != 1) std::abort();
  } catch (const troupe::error& why) {
    if (!why.is_permanent()) std::abort();
  }
}

void read_words(std::string_view text) {
  static_cast<void>(troupe_tool::fault_of_seconds(std::string{text}));
  const auto origin = troupe::origin_of(text);
  if (!origin.empty() && !troupe::has_same_origin(origin, text)) {
    std::abort();
  }
  const auto half = text.size() / 2;
  static_cast<void>(
      troupe::resolved_url(text.substr(0, half), text.substr(half)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  replay(text);
  read_words(text);
  return 0;
}
