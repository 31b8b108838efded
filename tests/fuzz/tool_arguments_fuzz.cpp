// Any arguments that a model writes are checked, and read if they fit; any
// schema is taken or refused.

#include <troupe/error.hpp>
#include <troupe/llm/json_schema.hpp>
#include <troupe/llm/schema.hpp>
#include <troupe/llm/structured.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace {

struct query {
  std::string words;
  std::optional<int> most;
  std::vector<double> weights;
  std::map<std::string, bool> flags;

  static auto fields() {
    using troupe::llm::field;
    return troupe::llm::fields(
        field("words", &query::words),
        field("most", &query::most).at_least(1).at_most(9),
        field("weights", &query::weights), field("flags", &query::flags));
  }
};

void read_arguments(const std::string& text) {
  troupe::llm::chat_reply reply;
  reply.message.text = text;
  try {
    static_cast<void>(troupe::llm::read_reply<query>(reply));
  } catch (const troupe::error& why) {
    // Arguments that fit can be read.
    if (why.code() != troupe::errc::bad_reply) std::abort();
  }
}

void take_schema(const std::string& text) {
  auto form = troupe::json::parse(text, nullptr, false);
  if (form.is_discarded()) return;
  try {
    const troupe::llm::json_schema schema{form};
    static_cast<void>(schema.mistakes_in(form));
  } catch (const troupe::error& why) {
    if (why.code() != troupe::errc::bad_flow) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  read_arguments(text);
  take_schema(text);
  return 0;
}
