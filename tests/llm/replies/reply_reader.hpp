#pragma once

#include <troupe/error.hpp>
#include <troupe/llm/chat_format.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace troupe_test {

/// Returns the result of a stream that ends cleanly: the reply, and its tokens.
inline std::pair<troupe::llm::chat_reply, std::string> streamed(
    const troupe::llm::chat_format& format, std::string_view stream) {
  troupe::sse_parser events;
  const auto builder = format.build();
  std::string tokens;
  events.feed(stream);
  while (const auto event = events.next()) tokens += builder->take(*event);
  return {builder->finish(), tokens};
}

/// Events of chat completions, each with `choice` as its first choice.
inline std::string chat_stream_of(std::initializer_list<const char*> choices) {
  std::string stream;
  for (const char* each : choices) {
    stream += "data: {\"id\": \"r\", \"model\": \"m\", \"choices\": [";
    // A line of a stream ends where a line of the source does not.
    std::string line{each};
    std::replace(line.begin(), line.end(), '\n', ' ');
    stream += line + "]}\n\n";
  }
  return stream;
}

inline constexpr const char* done = "data: [DONE]\n\n";

/// Returns the failure of `action`.
template <class Action>
troupe::error failure_of(Action action) {
  try {
    static_cast<void>(action());
  } catch (const troupe::error& why) {
    return why;
  }
  throw std::logic_error{"it did not fail"};
}

/// All formats.
inline const std::array<const troupe::llm::chat_format*, 3> formats{
    &troupe::llm::openai_chat(), &troupe::llm::openai_responses(),
    &troupe::llm::anthropic_messages()};

/// Returns the failure of a stream that ends cleanly.
inline troupe::error stream_failure(
    std::string_view stream,
    const troupe::llm::chat_format& format = troupe::llm::openai_chat()) {
  return failure_of([&] { return streamed(format, stream); });
}

}  // namespace troupe_test
