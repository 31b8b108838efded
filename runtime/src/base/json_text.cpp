#include "troupe/json_text.hpp"

#include "troupe/error.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace troupe {

namespace {

/// The extent of a text, found by a scan before it is parsed.
struct extent {
  std::size_t depth = 0;
  std::size_t elements = 0;
};

/// Past the closing quotation mark of the text that begins at `at`.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

// Exact for valid JSON. The parser stops at the first error, so that text which
// is not valid builds no more than what was counted up to there.
extent extent_of(std::string_view text) {
  extent found;
  std::size_t depth = 0;
  for (std::size_t at = 0; at < text.size();) {
    switch (text[at]) {
      case '"':
        at = end_of_string(text, at);
        continue;
      case '[':
      case '{':
        found.depth = std::max(found.depth, ++depth);
        ++found.elements;
        break;
      case ']':
      case '}':
        depth -= depth > 0 ? 1 : 0;
        break;
      case ',':
        ++found.elements;
        break;
      default:
        break;
    }
    ++at;
  }
  return found;
}

std::string fault_in(std::string_view text, const json_bounds& limits) {
  if (text.size() > limits.bytes) {
    return "it has " + std::to_string(text.size()) + " bytes, more than " +
           std::to_string(limits.bytes);
  }
  // A level, or an element, takes a byte at least.
  if (text.size() <= std::min(limits.depth, limits.elements)) return {};
  const auto found = extent_of(text);
  if (found.depth > limits.depth) {
    return "it nests deeper than " + std::to_string(limits.depth) + " levels";
  }
  if (found.elements > limits.elements) {
    return "it has more than " + std::to_string(limits.elements) + " elements";
  }
  return {};
}

}  // namespace

json read_json(std::string_view text) { return read_json(text, json_bounds{}); }

json read_json(std::string_view text, const json_bounds& limits) {
  if (auto fault = fault_in(text, limits); !fault.empty()) {
    throw error{errc::bad_value, "JSON is refused: " + fault};
  }
  try {
    return json::parse(text);  // tidy: allow json
  } catch (const json::parse_error& fault) {
    throw error{errc::bad_value,
                text.empty()
                    ? std::string{"invalid JSON: the text is empty"}
                    : "invalid JSON: it breaks off or is wrong at byte " +
                          std::to_string(fault.byte) + " of " +
                          std::to_string(text.size())};
  } catch (const json::exception&) {
    throw error{errc::bad_value, "invalid JSON: a number is too large"};
  }
}

std::optional<json> try_read_json(std::string_view text) {
  return try_read_json(text, json_bounds{});
}

std::optional<json> try_read_json(std::string_view text,
                                  const json_bounds& limits) {
  if (!fault_in(text, limits).empty()) return std::nullopt;
  // tidy: allow json
  auto form = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (form.is_discarded()) return std::nullopt;
  return form;
}

namespace {

/// Reads a text and keeps nothing of it.
class passing_reader final : public json::json_sax_t {
 public:
  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/,
                    const string_t& /*text*/) override {
    return true;
  }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*size*/) override { return true; }
  bool key(string_t& /*value*/) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*size*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t /*place*/, const std::string& /*token*/,
                   const json::exception& /*why*/) override {
    return false;
  }
};

/// Goes through a text and notes how far the parser has come.
class noting_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  noting_iterator(const char* at, const char** furthest)
      : at_(at), furthest_(furthest) {}

  reference operator*() const { return *at_; }
  noting_iterator& operator++() {
    *furthest_ = ++at_;
    return *this;
  }
  noting_iterator operator++(int) {
    auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const noting_iterator& other) const {
    return at_ == other.at_;
  }

 private:
  const char* at_;
  const char** furthest_;
};

}  // namespace

std::optional<std::size_t> end_of_json(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == text.npos || (text[first] != '{' && text[first] != '[')) {
    return std::nullopt;
  }
  const char* furthest = text.data();
  const noting_iterator begin{text.data(), &furthest};
  const noting_iterator end{text.data() + text.size(), &furthest};
  passing_reader reader;
  // Not strict: it stops behind the value, without a look at what comes next.
  const bool is_read = json::sax_parse(  // tidy: allow json
      begin, end, &reader, json::input_format_t::json, /*strict=*/false);
  if (!is_read) return std::nullopt;
  return static_cast<std::size_t>(furthest - text.data());
}

bool is_within(const json& form, const json_bounds& limits) {
  std::size_t elements = 0;
  std::vector<std::pair<const json*, std::size_t>> open{{&form, 0}};
  while (!open.empty()) {
    const auto [each, depth] = open.back();
    open.pop_back();
    if (!each->is_structured()) continue;
    if (depth >= limits.depth) return false;
    elements += each->size();
    if (elements > limits.elements) return false;
    for (const auto& inner : *each) {
      if (inner.is_structured()) open.emplace_back(&inner, depth + 1);
    }
  }
  return true;
}

std::string write_json(const json& form, bad_text how) {
  constexpr auto any_number = static_cast<std::size_t>(-1);
  if (!is_within(form, {any_number, json_bounds{}.depth, any_number})) {
    throw error{errc::bad_value, "JSON nests deeper than " +
                                     std::to_string(json_bounds{}.depth) +
                                     " levels"}
        .permanent();
  }
  const auto lenient = how == bad_text::replaced
                           ? json::error_handler_t::replace
                           : json::error_handler_t::strict;
  try {
    return form.dump(-1, ' ', false, lenient);  // tidy: allow json
  } catch (const json::exception&) {
    throw error{errc::bad_value, "JSON contains text that is not UTF-8"}
        .permanent();
  }
}

}  // namespace troupe
