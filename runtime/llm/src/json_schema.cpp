#include "troupe/llm/json_schema.hpp"

#include "schema_keywords.hpp"
#include "troupe/error.hpp"

#include <algorithm>
#include <exception>
#include <utility>
// Without it a schema that makes no sense would end the program.
#define VALIJSON_USE_EXCEPTIONS 1
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace troupe::llm {

namespace {

constexpr std::size_t mistakes_max = 16;
constexpr std::size_t mistake_bytes_max = 300;
constexpr std::size_t joined_bytes_max = 1'000;
/// The standard library's regular expressions recurse over the text.
constexpr std::size_t matched_bytes_max = 10'000;

/// Cut between two characters.
void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return;
  auto end = bytes_max;
  while (end > 0 && (text[end] & '\xC0') == '\x80') --end;
  text.resize(end);
  text += "...";
}

/// The place of a mistake, of which the first part is "<root>" and others are
/// in brackets, as a JSON pointer.
std::string pointer_of(const std::vector<std::string>& context) {
  std::string place;
  for (std::size_t i = 1; i < context.size(); ++i) {
    std::string_view part = context[i];
    if (part.size() >= 2 && part.front() == '[' && part.back() == ']') {
      part = part.substr(1, part.size() - 2);
    }
    place += "/" + std::string{part};
  }
  return place.empty() ? "the value" : place;
}

bool has_patterns(const json& form) {
  if (!form.is_structured()) return false;
  if (form.is_object()) {
    const auto pattern = form.find("pattern");
    // Else it is a member of that name.
    if (pattern != form.end() && pattern->is_string()) return true;
    if (form.contains("patternProperties")) return true;
  }
  return std::any_of(form.begin(), form.end(), has_patterns);
}

bool has_long_text(const json& form) {
  if (form.is_string()) {
    return form.get_ref<const std::string&>().size() > matched_bytes_max;
  }
  if (form.is_object()) {
    for (const auto& [name, each] : form.items()) {
      if (name.size() > matched_bytes_max || has_long_text(each)) return true;
    }
    return false;
  }
  return form.is_array() &&
         std::any_of(form.begin(), form.end(), has_long_text);
}

}  // namespace

struct json_schema::compiled {
  json form;
  valijson::Schema schema;
  bool matches = false;
};

json_schema::json_schema(json form) {
  detail::check_keywords(form);
  auto made = std::make_shared<compiled>();
  made->form = std::move(form);
  made->matches = has_patterns(made->form);
  try {
    valijson::SchemaParser parser{valijson::SchemaParser::kDraft7};
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter{made->form},
                          made->schema);
  } catch (const std::exception& fault) {
    std::string text = fault.what();
    cut(text, mistake_bytes_max);
    throw error{errc::bad_flow, "the JSON schema makes no sense: " + text}
        .permanent();
  }
  compiled_ = std::move(made);
}

std::vector<std::string> json_schema::mistakes_in(const json& value) const {
  if (detail::is_nested_too_deep(value)) {
    return {"the value is nested too deeply"};
  }
  if (compiled_->matches && has_long_text(value)) {
    return {"the value has a text that is too long to be matched"};
  }
  std::vector<std::string> found;
  try {
    // Not kept, because it keeps what it has compiled of the patterns.
    valijson::Validator validator{valijson::Validator::kStrongTypes};
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter target{value};
    if (validator.validate(compiled_->schema, target, &results)) return {};
    for (const auto& each : results) {
      if (found.size() == mistakes_max) break;
      auto text = pointer_of(each.context) + ": " + each.description;
      cut(text, mistake_bytes_max);
      found.push_back(std::move(text));
    }
    if (found.empty()) found.emplace_back("the value does not fit");
  } catch (const std::exception& fault) {
    std::string text = fault.what();
    cut(text, mistake_bytes_max);
    found.push_back("the value cannot be checked: " + text);
  }
  return found;
}

const json& json_schema::form() const noexcept { return compiled_->form; }

std::string joined(const std::vector<std::string>& mistakes) {
  std::string text;
  for (const auto& each : mistakes) text += (text.empty() ? "" : "; ") + each;
  cut(text, joined_bytes_max);
  return text;
}

}  // namespace troupe::llm
