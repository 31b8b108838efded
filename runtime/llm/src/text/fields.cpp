#include "troupe/llm/fields.hpp"

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
    throw error{errc::wrong_type, "/" + member + " is of another type: " +
                                      std::string{why.what()}};
  }
}

void refuse_number(const json& form) {
  throw error{errc::wrong_type, " is a number that does not fit: " +
                                    write_json(form, bad_text::replaced)};
}

}  // namespace troupe::llm::detail
