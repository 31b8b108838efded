#include "schema/schema_check.hpp"

#include "schema/value_place.hpp"
#include "schema/value_types.hpp"
#include "text/exact_number.hpp"
#include "text/exact_text.hpp"
#include "text/shown_value.hpp"
#include "text/step_budget.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <limits>

namespace troupe::llm::detail {

namespace {

constexpr std::size_t mistake_bytes_max = 300;
constexpr std::size_t name_bytes_max = 60;
/// To write the text of a mistake takes longer than to look at a value.
constexpr std::size_t mistake_steps = 20;
constexpr std::size_t bytes_per_step = 16;
/// The maximum number of schemas at work on a value and on what is around it.
constexpr std::size_t recursion_max = 1'000;

std::string shown_name(std::string_view name) {
  return "'" + printable(name, line_breaks::joined, name_bytes_max) + "'";
}

std::string counted(std::size_t count) { return std::to_string(count); }

/// To look for a member compares its name with others, of any length.
std::size_t steps_for_name(std::string_view name) {
  return 1 + name.size() / bytes_per_step;
}

/// UTF-8 has a byte for each character that continues none.
std::size_t characters_in(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(),
                    [](char each) { return (each & '\xC0') != '\x80'; }));
}

class schema_check {
 public:
  schema_check(const schema_program& program, std::size_t steps_max)
      : program_(program), budget_(steps_max) {}

  std::vector<std::string> mistakes_in(const json& value) {
    std::vector<std::string> found;
    found_ = &found;
    try {
      static_cast<void>(fits(0, value));
    } catch (const error& why) {
      found_ = nullptr;
      if (found.size() == mistakes_max) found.pop_back();
      found.push_back(why.message());
    }
    return found;
  }

 private:
  /// Returns whether no more mistakes are wanted.
  [[nodiscard]] bool is_enough() const {
    return found_ == nullptr || found_->size() >= mistakes_max;
  }

  /// `text` gives the text of the mistake. Returns false.
  template <class F>
  bool fail(const F& text) {
    if (!is_enough()) add(text());
    return false;
  }

  void add(const std::string& what) {
    budget_.spend(mistake_steps);
    found_->push_back(
        cut(shown_place(places_) + ": " + what, mistake_bytes_max));
  }

  bool fits(schema_index schema, const json& value) {
    budget_.spend(1);
    if (depth_ == recursion_max) {
      throw error{errc::bad_value, "the value cannot be checked: more than " +
                                       counted(recursion_max) +
                                       " schemas are in each other"};
    }
    ++depth_;
    const bool does = fits_node(program_.schemas[schema], value);
    --depth_;
    return does;
  }

  bool fits_within(schema_index schema, const json& value, place_part where) {
    places_.push_back(where);
    const bool does = fits(schema, value);
    places_.pop_back();
    return does;
  }

  bool fits_quietly(schema_index schema, const json& value) {
    auto* const found = std::exchange(found_, nullptr);
    const bool does = fits(schema, value);
    found_ = found;
    return does;
  }

  bool fits_node(const schema_node& node, const json& value) {
    if (node.reference) return fits(*node.reference, value);
    if (node.takes_nothing) {
      return fail([] { return std::string{"nothing is allowed here"}; });
    }
    if ((node.types & type_of(value)) == 0) {
      // Further mistakes in it say no more.
      return fail([&] {
        return "it is " + shown_value(value) + ", not " + names_of(node.types);
      });
    }
    bool good = fits_choices(node, value);
    if (node.numbers && value.is_number()) {
      good = fits_numbers(*node.numbers, value) && good;
    } else if (node.texts && value.is_string()) {
      good = fits_texts(*node.texts, value) && good;
    }
    if (!good && is_enough()) return false;
    if (node.combined) good = fits_combined(*node.combined, value) && good;
    if (!good && is_enough()) return false;
    if (node.lists && value.is_array()) {
      good = fits_lists(*node.lists, value) && good;
    } else if (node.objects && value.is_object()) {
      good = fits_objects(*node.objects, value) && good;
    }
    return good;
  }

  bool fits_choices(const schema_node& node, const json& value) {
    if (!node.one_of && !node.constant) return true;
    std::string exact;
    append_exact_text(value, budget_, exact);
    for (const auto* each : {node.one_of.get(), node.constant.get()}) {
      if (each == nullptr || each->exact.contains(exact)) continue;
      return fail([&] {
        return "it is " + shown_value(value) + ", not " +
               (each->exact.size() > 1 ? "one of " : "") + each->shown;
      });
    }
    return true;
  }

  bool fits_numbers(const number_rules& rules, const json& value) {
    const auto is_wrong = [&](const json* bound, const char* wanted) {
      return fail([&] {
        return "it is " + shown_value(value) + ", not " + wanted + " " +
               shown_value(*bound);
      });
    };
    if (rules.least != nullptr && !(order_of(value, *rules.least) >= 0)) {
      return is_wrong(rules.least, "at least");
    }
    if (rules.above != nullptr && !(order_of(value, *rules.above) > 0)) {
      return is_wrong(rules.above, "above");
    }
    if (rules.most != nullptr && !(order_of(value, *rules.most) <= 0)) {
      return is_wrong(rules.most, "at most");
    }
    if (rules.below != nullptr && !(order_of(value, *rules.below) < 0)) {
      return is_wrong(rules.below, "below");
    }
    if (rules.multiple_of != nullptr &&
        !is_multiple(value, *rules.multiple_of)) {
      return is_wrong(rules.multiple_of, "a multiple of");
    }
    return true;
  }

  bool fits_size(const size_bounds& bounds, std::size_t size,
                 const char* things) {
    if (size >= bounds.least && size <= bounds.most) return true;
    return fail([&] {
      const bool is_less = size < bounds.least;
      return "it has " + counted(size) + " " + things + ", not at " +
             (is_less ? "least " : "most ") +
             counted(is_less ? bounds.least : bounds.most);
    });
  }

  bool fits_length(const size_bounds& bounds, const std::string& text) {
    constexpr std::size_t bytes_per_character_max = 4;
    // Most lengths are plain without counting.
    if (text.size() / bytes_per_character_max >= bounds.least &&
        text.size() <= bounds.most) {
      return true;
    }
    budget_.spend(text.size() / bytes_per_step);
    return fits_size(bounds, characters_in(text), "characters");
  }

  bool matches(const pattern& wanted, std::string_view text) {
    budget_.spend(wanted.steps_for(text.size()));
    return wanted.is_in(text);
  }

  bool fits_texts(const text_rules& rules, const json& value) {
    const auto& text = value.get_ref<const std::string&>();
    if (!fits_length(rules.length, text)) return false;
    if (rules.matched && !matches(*rules.matched, text)) {
      return fail([&] {
        return shown_value(value) + " does not match the pattern " +
               shown_name(rules.matched->text());
      });
    }
    if (!has_format(text, rules.format)) {
      return fail([&] {
        return shown_value(value) + " is not a valid " +
               std::string{name_of(rules.format)} + " of RFC 3339";
      });
    }
    return true;
  }

  bool fits_combined(const combined_rules& rules, const json& value) {
    bool good = true;
    for (const auto each : rules.all) {
      good = fits(each, value) && good;
      if (!good && is_enough()) return false;
    }
    if (!rules.any.empty()) good = fits_some(rules.any, value, false) && good;
    if (!rules.one.empty()) good = fits_some(rules.one, value, true) && good;
    if (rules.none && fits_quietly(*rules.none, value)) {
      good = fail([] { return std::string{"it fits the schema of 'not'"}; });
    }
    if (!rules.condition || (!rules.if_fits && !rules.otherwise)) return good;
    const bool is_then = fits_quietly(*rules.condition, value);
    const auto& then = is_then ? rules.if_fits : rules.otherwise;
    return (!then || fits(*then, value)) && good;
  }

  /// Returns whether a schema of the list fits, or exactly one.
  bool fits_some(const std::vector<schema_index>& schemas, const json& value,
                 bool is_one) {
    std::vector<std::string> why;
    auto* const found = found_;
    if (found != nullptr) found_ = &why;
    std::size_t count = 0;
    for (const auto each : schemas) {
      if (fits(each, value)) ++count;
      if (count > (is_one ? 1U : 0U)) break;
    }
    found_ = found;
    if (count == 1) return true;
    if (count > 1) {
      return fail([] {
        return std::string{"it fits more than one schema of 'oneOf'"};
      });
    }
    fail([&] {
      return std::string{"it fits no schema of '"} +
             (is_one ? "oneOf'" : "anyOf'");
    });
    for (auto& each : why) {
      if (is_enough()) break;
      found_->push_back(std::move(each));
    }
    return false;
  }

  bool fits_lists(const list_rules& rules, const json& value) {
    bool good = fits_size(rules.size, value.size(), "elements");
    if (!good && is_enough()) return false;
    if (rules.is_unique && !has_unique_elements(value, budget_)) {
      good = fail([] { return std::string{"it contains an element twice"}; });
    }
    if (rules.contained && !has_fitting(*rules.contained, value)) {
      good = fail([] {
        return std::string{"no element fits the schema of 'contains'"};
      });
    }
    const auto count = rules.others
                           ? value.size()
                           : std::min(rules.first.size(), value.size());
    for (std::size_t i = 0; i < count; ++i) {
      if (!good && is_enough()) return false;
      const auto schema =
          i < rules.first.size() ? rules.first[i] : *rules.others;
      good = fits_within(schema, value[i], {nullptr, i}) && good;
    }
    return good;
  }

  bool has_fitting(schema_index schema, const json& list) {
    return std::any_of(list.begin(), list.end(), [&](const json& each) {
      return fits_quietly(schema, each);
    });
  }

  bool fits_objects(const object_rules& rules, const json& value) {
    bool good = fits_size(rules.size, value.size(), "members");
    good = has_all(rules.required, value, nullptr) && good;
    for (const auto& each : rules.dependencies) {
      if (!good && is_enough()) return false;
      budget_.spend(steps_for_name(each.member));
      if (!value.contains(each.member)) continue;
      good = has_all(each.required, value, &each.member) && good;
      if (each.schema) good = fits(*each.schema, value) && good;
    }
    if (!good && is_enough()) return false;
    if (rules.names) good = has_good_names(*rules.names, value) && good;
    if (rules.named.empty() && rules.matched.empty() && !rules.others) {
      return good;
    }
    for (auto each = value.begin(); each != value.end(); ++each) {
      if (!good && is_enough()) return false;
      good = fits_member(rules, each.key(), *each) && good;
    }
    return good;
  }

  /// Returns whether an object has members. They may be asked for `because_of`
  /// another.
  bool has_all(const std::vector<std::string_view>& names, const json& value,
               const std::string_view* because_of) {
    bool good = true;
    for (const auto& each : names) {
      if (!good && is_enough()) return false;
      budget_.spend(steps_for_name(each));
      if (value.contains(each)) continue;
      good = fail([&] {
        return "the member " + shown_name(each) + " is missing" +
               (because_of == nullptr
                    ? std::string{}
                    : ", required by " + shown_name(*because_of));
      });
    }
    return good;
  }

  bool has_good_names(schema_index schema, const json& value) {
    bool good = true;
    for (auto each = value.begin(); each != value.end(); ++each) {
      if (!good && is_enough()) return false;
      budget_.spend(steps_for_name(each.key()));
      if (fits_quietly(schema, json(each.key()))) continue;
      good = fail([&] {
        return "the name " + shown_name(each.key()) +
               " does not fit the schema of 'propertyNames'";
      });
    }
    return good;
  }

  bool fits_member(const object_rules& rules, const std::string& name,
                   const json& value) {
    budget_.spend(steps_for_name(name));
    bool good = true;
    bool is_known = false;
    const auto named = rules.named.find(name);
    if (named != rules.named.end()) {
      is_known = true;
      good = fits_within(named->second, value, {&name, 0});
    }
    for (const auto& [wanted, schema] : rules.matched) {
      if (!good && is_enough()) return false;
      if (!matches(*wanted, name)) continue;
      is_known = true;
      good = fits_within(schema, value, {&name, 0}) && good;
    }
    if (is_known || !rules.others) return good;
    if (program_.schemas[*rules.others].takes_nothing) {
      return fail(
          [&] { return "the member " + shown_name(name) + " is not allowed"; });
    }
    return fits_within(*rules.others, value, {&name, 0});
  }

  const schema_program& program_;
  step_budget budget_;
  std::vector<place_part> places_;
  /// The list of mistakes; null while only the answer counts.
  std::vector<std::string>* found_ = nullptr;
  std::size_t depth_ = 0;
};

}  // namespace

std::vector<std::string> mistakes_of(const json& value,
                                     const schema_program& program,
                                     std::size_t steps_max) {
  constexpr auto any_number = std::numeric_limits<std::size_t>::max();
  if (!is_within(value, {any_number, nesting_max, any_number})) {
    return {"the value is nested too deeply"};
  }
  return schema_check{program, steps_max}.mistakes_in(value);
}

}  // namespace troupe::llm::detail
