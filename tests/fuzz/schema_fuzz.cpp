// Any schema is taken or refused, and any value is checked, within the time
// that -timeout allows. The input is a list of a schema and a value; what is
// not is a pattern, and a text for it after the first line.

#include <troupe/error.hpp>
#include <troupe/json_text.hpp>
#include <troupe/llm/json_schema.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using troupe::json;

void check(const json& form, const json& value) {
  try {
    const troupe::llm::json_schema schema{form};
    const auto mistakes = schema.mistakes_in(value);
    if (mistakes.size() > 16 || troupe::llm::joined(mistakes).size() > 1'010)
      std::abort();
  } catch (const troupe::error& why) {
    if (why.code() != troupe::errc::bad_flow) std::abort();
    if (why.message().size() > 2'000) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto both = troupe::try_read_json(text);
  if (both && both->is_array() && both->size() == 2) {
    check((*both)[0], (*both)[1]);
    return 0;
  }
  const auto line = text.find('\n');
  check({{"pattern", text.substr(0, line)}},
        line == text.npos ? text : text.substr(line + 1));
  return 0;
}
