#include "troupe/llm/json_schema.hpp"

#include "schema/schema_check.hpp"
#include "schema/schema_program.hpp"
#include "troupe/printable.hpp"

#include <utility>

namespace troupe::llm {

struct json_schema::compiled {
  explicit compiled(json from)
      : form(std::move(from)), program(detail::compiled(form)) {}

  json form;
  detail::schema_program program;
};

json_schema::json_schema(json form)
    : compiled_(std::make_shared<const compiled>(std::move(form))) {}

std::vector<std::string> json_schema::mistakes_in(const json& value) const {
  return detail::mistakes_of(value, compiled_->program, steps_max);
}

const json& json_schema::form() const& noexcept { return compiled_->form; }

std::string joined(const std::vector<std::string>& mistakes) {
  constexpr std::size_t joined_bytes_max = 1'000;
  std::string text;
  for (const auto& each : mistakes) text += (text.empty() ? "" : "; ") + each;
  return cut(text, joined_bytes_max);
}

}  // namespace troupe::llm
