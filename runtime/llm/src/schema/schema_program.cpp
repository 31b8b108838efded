#include "schema/schema_program.hpp"

#include "schema/schema_cycles.hpp"
#include "schema/schema_place.hpp"
#include "text/ecma_pattern.hpp"
#include "text/exact_number.hpp"
#include "text/exact_text.hpp"
#include "text/shown_value.hpp"
#include "troupe/error.hpp"
#include "troupe/json_text.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace troupe::llm::detail {

namespace {

constexpr std::size_t schema_bytes_max = std::size_t{4} << 20;
constexpr std::size_t schema_elements_max = 100'000;
constexpr std::size_t patterns_max = 256;
constexpr std::size_t word_bytes_max = 60;
constexpr std::size_t choices_bytes_max = 200;

constexpr std::array<std::string_view, 11> told_to_people = {
    "title",      "description",     "default",
    "examples",   "$comment",        "readOnly",
    "writeOnly",  "contentEncoding", "contentMediaType",
    "deprecated", "format"};
constexpr std::array<std::string_view, 3> dialects = {
    "json-schema.org/draft-07/schema", "json-schema.org/draft/2019-09/schema",
    "json-schema.org/draft/2020-12/schema"};
std::string shown_word(std::string_view text) {
  return "'" + printable(text, line_breaks::joined, word_bytes_max) + "'";
}

template <class T>
T& made(std::unique_ptr<T>& rules) {
  if (!rules) rules = std::make_unique<T>();
  return *rules;
}

class compiler {
 public:
  explicit compiler(const json& root) : root_(root) {}

  schema_program run() {
    if (!is_within(root_,
                   {.depth = nesting_max, .elements = schema_elements_max})) {
      refuse(root_,
             "is nested deeper than 100 levels, or has more than "
             "100,000 elements");
    }
    if (bytes_in(root_) > schema_bytes_max) {
      refuse(root_, "has more than 4 MiB of text");
    }
    static_cast<void>(index_of(root_));
    // The list grows while it is gone through.
    for (std::size_t i = 0; i < made_.schemas.size(); ++i) {
      auto node = node_of(*made_.schemas[i].form);
      made_.schemas[i] = std::move(node);
    }
    if (const auto* endless = endless_reference(made_)) {
      refuse(*endless->form, "refers to itself endlessly");
    }
    return std::move(made_);
  }

 private:
  [[noreturn]] void refuse(const json& at, const std::string& what) const {
    // A schema that nests too deep has no place to look for.
    std::string place = &at == &root_ ? "" : place_in(root_, at);
    if (!place.empty()) place = " at " + place;
    throw error{errc::bad_flow, "the JSON schema" + place + " " + what}
        .permanent();
  }

  [[noreturn]] void refuse_type(const json& at, const char* wanted) const {
    refuse(at, std::string{"must be "} + wanted + ", got " + shown_value(at));
  }

  schema_index index_of(const json& form) {
    const auto next = static_cast<schema_index>(made_.schemas.size());
    const auto [found, is_new] = known_.emplace(&form, next);
    if (is_new) made_.schemas.emplace_back().form = &form;
    return found->second;
  }

  schema_node node_of(const json& form) {
    schema_node node;
    node.form = &form;
    if (form.is_boolean()) {
      node.takes_nothing = !form.get<bool>();
      return node;
    }
    if (!form.is_object()) refuse_type(form, "an object or a boolean");
    // Draft 7, 8.3: what stands beside a reference says nothing.
    const auto reference = form.find("$ref");
    if (reference != form.end()) {
      node.reference = target_of(*reference);
      for (const char* word : {"definitions", "$defs"}) {
        const auto found = form.find(word);
        if (found != form.end()) add_definitions(*found);
      }
      return node;
    }
    for (auto each = form.begin(); each != form.end(); ++each) {
      add_keyword(each.key(), *each, node);
    }
    finish_list(form, node);
    return node;
  }

  schema_index target_of(const json& reference) {
    const auto& name = text_of(reference);
    if (!name.starts_with('#')) refuse(reference, "leads outside the schema");
    const auto* target = target_in(root_, name);
    if (target != nullptr) return index_of(*target);
    refuse(reference, "refers to a place that does not exist");
  }

  void add_keyword(const std::string& word, const json& form,
                   schema_node& node) {
    if (add_number_rule(word, form, node) || add_size(word, form, node) ||
        add_text_rule(word, form, node) || add_choice(word, form, node) ||
        add_list_rule(word, form, node) || add_object_rule(word, form, node) ||
        add_combination(word, form, node)) {
      return;
    }
    if (word == "$schema") {
      check_dialect(form);
    } else if (word == "definitions" || word == "$defs") {
      add_definitions(form);
    } else if (std::find(told_to_people.begin(), told_to_people.end(), word) ==
                   told_to_people.end() &&
               (word != "$id" || node.form != &root_)) {
      refuse(*node.form, "has the keyword " + shown_word(word) +
                             ", which is not supported");
    }
  }

  void check_dialect(const json& name) const {
    if (name.is_string()) {
      const auto& text = name.get_ref<const std::string&>();
      for (const auto each : dialects) {
        if (text.find(each) != std::string::npos) return;
      }
    }
    refuse(name, "names an unsupported dialect: use draft 7 or later");
  }

  void add_definitions(const json& form) {
    if (!form.is_object()) refuse_type(form, "an object");
    for (const auto& each : form) static_cast<void>(index_of(each));
  }

  bool add_number_rule(std::string_view word, const json& form,
                       schema_node& node) {
    static constexpr std::pair<std::string_view, const json * number_rules::*>
        bounds[] = {{"minimum", &number_rules::least},
                    {"maximum", &number_rules::most},
                    {"exclusiveMinimum", &number_rules::above},
                    {"exclusiveMaximum", &number_rules::below},
                    {"multipleOf", &number_rules::multiple_of}};
    for (const auto& [name, member] : bounds) {
      if (word != name) continue;
      if (!form.is_number()) refuse_type(form, "a number");
      if (member == &number_rules::multiple_of && !(order_of(form, 0) > 0)) {
        refuse_type(form, "above zero");
      }
      made(node.numbers).*member = &form;
      return true;
    }
    return false;
  }

  [[nodiscard]] std::size_t size_in(const json& form) const {
    if (!is_whole(form) || order_of(form, 0) < 0) {
      refuse_type(form, "an integer of at least 0");
    }
    return form.get<std::size_t>();
  }

  bool add_size(std::string_view word, const json& form, schema_node& node) {
    if (word == "minLength") {
      made(node.texts).length.least = size_in(form);
    } else if (word == "maxLength") {
      made(node.texts).length.most = size_in(form);
    } else if (word == "minItems") {
      made(node.lists).size.least = size_in(form);
    } else if (word == "maxItems") {
      made(node.lists).size.most = size_in(form);
    } else if (word == "minProperties") {
      made(node.objects).size.least = size_in(form);
    } else if (word == "maxProperties") {
      made(node.objects).size.most = size_in(form);
    } else {
      return false;
    }
    return true;
  }

  bool add_text_rule(std::string_view word, const json& form,
                     schema_node& node) {
    if (word == "pattern") {
      made(node.texts).matched = pattern_of(text_of(form), form);
    } else if (word == "format" && form.is_string()) {
      const auto format = format_named(text_of(form));
      if (format != text_format::any) made(node.texts).format = format;
    } else {
      return false;
    }
    return true;
  }

  [[nodiscard]] const std::string& text_of(const json& form) const {
    if (!form.is_string()) refuse_type(form, "a string");
    return form.get_ref<const std::string&>();
  }

  /// `at` is what a fault is told of.
  std::shared_ptr<const pattern> pattern_of(const std::string& text,
                                            const json& at) {
    auto& known = patterns_[text];
    if (known) return known;
    try {
      known = std::make_shared<const pattern>(text);
    } catch (const error& why) {
      refuse(at, "is refused: " + why.message());
    }
    weight_ += known->weight();
    if (patterns_.size() > patterns_max || weight_ > pattern_weight_max) {
      refuse(at, "is refused: all patterns together are too large");
    }
    return known;
  }

  bool add_choice(std::string_view word, const json& form, schema_node& node) {
    if (word == "enum") {
      if (!form.is_array()) refuse_type(form, "an array");
      for (const auto& each : form) add_to(made(node.one_of), each);
      static_cast<void>(made(node.one_of));
    } else if (word == "const") {
      add_to(made(node.constant), form);
    } else if (word == "type") {
      node.types = types_in(form);
    } else {
      return false;
    }
    return true;
  }

  static void add_to(choices& all, const json& value) {
    // The schema is bounded.
    step_budget budget{std::numeric_limits<std::size_t>::max()};
    std::string exact;
    append_exact_text(value, budget, exact);
    if (all.shown.size() < choices_bytes_max) {
      all.shown += (all.shown.empty() ? "" : ", ") + shown_value(value);
      all.shown = cut(all.shown, choices_bytes_max);
    }
    all.exact.insert(std::move(exact));
  }

  [[nodiscard]] value_types types_in(const json& form) const {
    if (form.is_string()) {
      if (const auto named = types_named(text_of(form))) return named;
      refuse_type(form, "the name of a type");
    }
    if (!form.is_array() || form.empty()) refuse_type(form, "a list of types");
    value_types all = 0;
    for (const auto& each : form) {
      if (!each.is_string()) refuse_type(each, "the name of a type");
      all |= types_in(each);
    }
    return all;
  }

  std::vector<schema_index> indexes_of(const json& list) {
    if (!list.is_array()) refuse_type(list, "an array");
    std::vector<schema_index> all;
    for (const auto& each : list) all.push_back(index_of(each));
    return all;
  }

  bool add_list_rule(std::string_view word, const json& form,
                     schema_node& node) {
    if (word == "items") {
      if (form.is_array()) {
        made(node.lists).first = indexes_of(form);
      } else {
        made(node.lists).others = index_of(form);
      }
    } else if (word == "additionalItems") {
      // Its meaning depends on `items`; that it is a schema does not.
      static_cast<void>(index_of(form));
    } else if (word == "contains") {
      made(node.lists).contained = index_of(form);
    } else if (word == "uniqueItems") {
      if (!form.is_boolean()) refuse_type(form, "true or false");
      made(node.lists).is_unique = form.get<bool>();
    } else {
      return false;
    }
    return true;
  }

  void finish_list(const json& form, schema_node& node) {
    const auto items = form.find("items");
    const auto others = form.find("additionalItems");
    if (others == form.end() || items == form.end() || !items->is_array()) {
      return;
    }
    made(node.lists).others = index_of(*others);
  }

  [[nodiscard]] std::vector<std::string_view> names_in(const json& list) const {
    if (!list.is_array()) refuse_type(list, "an array");
    std::vector<std::string_view> all;
    for (const auto& each : list) all.emplace_back(text_of(each));
    return all;
  }

  bool add_object_rule(std::string_view word, const json& form,
                       schema_node& node) {
    if (word == "required") {
      made(node.objects).required = names_in(form);
    } else if (word == "additionalProperties") {
      made(node.objects).others = index_of(form);
    } else if (word == "propertyNames") {
      made(node.objects).names = index_of(form);
    } else if (word == "properties" || word == "patternProperties" ||
               word == "dependencies") {
      if (!form.is_object()) refuse_type(form, "an object");
      auto& rules = made(node.objects);
      for (auto each = form.begin(); each != form.end(); ++each) {
        add_member(word, each.key(), *each, rules);
      }
    } else {
      return false;
    }
    return true;
  }

  void add_member(std::string_view word, const std::string& name,
                  const json& form, object_rules& rules) {
    if (word == "properties") {
      rules.named.emplace(name, index_of(form));
    } else if (word == "patternProperties") {
      rules.matched.emplace_back(pattern_of(name, form), index_of(form));
    } else if (form.is_array()) {
      rules.dependencies.push_back({name, names_in(form), std::nullopt});
    } else {
      rules.dependencies.push_back({name, {}, index_of(form)});
    }
  }

  bool add_combination(std::string_view word, const json& form,
                       schema_node& node) {
    if (word == "allOf") {
      made(node.combined).all = indexes_of(form);
    } else if (word == "anyOf") {
      made(node.combined).any = some_of(form);
    } else if (word == "oneOf") {
      made(node.combined).one = some_of(form);
    } else if (word == "not") {
      made(node.combined).none = index_of(form);
    } else if (word == "if") {
      made(node.combined).condition = index_of(form);
    } else if (word == "then") {
      made(node.combined).if_fits = index_of(form);
    } else if (word == "else") {
      made(node.combined).otherwise = index_of(form);
    } else {
      return false;
    }
    return true;
  }

  std::vector<schema_index> some_of(const json& list) {
    auto all = indexes_of(list);
    if (all.empty()) refuse(list, "is empty");
    return all;
  }

  const json& root_;
  schema_program made_;
  std::unordered_map<const json*, schema_index> known_;
  std::map<std::string_view, std::shared_ptr<const pattern>> patterns_;
  std::size_t weight_ = 0;
};

}  // namespace

schema_program compiled(const json& schema) { return compiler{schema}.run(); }

}  // namespace troupe::llm::detail
