#include "troupe/llm/fields.hpp"

#include "text/shown_value.hpp"
#include "troupe/json_text.hpp"

#include <exception>

namespace troupe::llm::detail {

void rethrow_at(const std::string& member) {
  try {
    throw;
  } catch (const error& why) {
    // The text begins with the place within the member, or with a space.
    throw error{why.code(), "/" + member + why.message()};
  } catch (const json::exception& why) {
    throw error{errc::wrong_type, "/" + member + " has the wrong type: " +
                                      std::string{why.what()}};
  }
}

void refuse_object(const json& form) {
  throw error{errc::wrong_type, " must be an object, got " + shown_value(form)};
}

void refuse_number(const json& form) {
  throw error{errc::wrong_type, " is a number out of range: " +
                                    write_json(form, bad_text::replaced)};
}

}  // namespace troupe::llm::detail
