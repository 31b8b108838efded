#include "troupe/delta.hpp"

#include "document/path.hpp"
#include "troupe/error.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace troupe {

namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 6> kind_names{"set", "erase", "append",
                                                     "add", "min",   "max"};

[[noreturn]] void refuse(std::size_t position, std::string_view what) {
  throw error{errc::bad_value, "operation " + std::to_string(position) +
                                   " of the delta " + std::string{what}};
}

delta::operation read_operation(const json& form, std::size_t position) {
  if (!form.is_array() || form.size() != 3 || !form[0].is_string() ||
      !form[1].is_string()) {
    refuse(position, "is not [kind, path, operand]");
  }
  delta::operation made;
  const std::string& name = form[0].get_ref<const std::string&>();
  std::size_t index = 0;
  while (index != kind_names.size() && kind_names[index] != name) ++index;
  if (index == kind_names.size()) refuse(position, "has an unknown kind");
  made.what = static_cast<delta::kind>(index);

  made.path = form[1].get<std::string>();
  if (!detail::is_pointer(made.path)) {
    refuse(position, "has an invalid JSON pointer");
  }
  // Malformed escapes, bytes that are not UTF-8, and operands JSON cannot hold
  // are refused by those who read them.
  for (detail::path_reader reader{made.path}; !reader.done();) {
    (void)reader.next();
  }
  (void)value{made.path};
  made.operand = value{form[2]};

  const bool fits = [&] {
    switch (made.what) {
      case delta::kind::set:
        return !made.path.empty() || made.operand.is_object();
      case delta::kind::erase:
        return !made.path.empty() && made.operand.is_null();
      case delta::kind::append:
        return made.operand.is_array() && !made.operand.empty();
      default:
        return made.operand.is_number();
    }
  }();
  if (!fits) refuse(position, "has an operand of the wrong type");
  return made;
}

}  // namespace

std::string_view to_string(delta::kind what) noexcept {
  const auto index = static_cast<std::size_t>(what);
  return index < kind_names.size() ? kind_names[index] : "unknown";
}

delta::delta(std::vector<operation> operations) {
  if (operations.empty()) return;
  operations_ =
      std::make_shared<const std::vector<operation>>(std::move(operations));
}

const std::vector<delta::operation>& delta::ops() const& noexcept {
  static const std::vector<operation> none;
  return operations_ ? *operations_ : none;
}

delta delta::without(const std::vector<std::string>& keys) const {
  std::vector<operation> kept;
  for (const auto& each : ops()) {
    if (each.path.empty()) {
      json document = each.operand.to_json();
      for (const auto& key : keys) document.erase(key);
      kept.push_back({each.what, {}, value{document}});
      continue;
    }
    detail::path_reader reader{each.path};
    const auto first = reader.next();
    if (std::find(keys.begin(), keys.end(), first) == keys.end()) {
      kept.push_back(each);
    }
  }
  return delta{std::move(kept)};
}

json delta::to_json() const {
  json form = json::array();
  for (const operation& each : ops()) {
    form.push_back(json::array({std::string{to_string(each.what)}, each.path,
                                each.operand.to_json()}));
  }
  return form;
}

delta delta::from_json(const json& form) {
  if (!form.is_array()) {
    throw error{errc::bad_value, "a delta must be an array of operations"};
  }
  std::vector<operation> operations;
  operations.reserve(form.size());
  for (std::size_t i = 0; i != form.size(); ++i) {
    operations.push_back(read_operation(form[i], i));
  }
  return delta{std::move(operations)};
}

}  // namespace troupe
