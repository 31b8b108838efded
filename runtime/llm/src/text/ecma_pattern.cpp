#include "text/ecma_pattern.hpp"

#include "text/pattern_weight.hpp"
#include "troupe/error.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace troupe::llm::detail {

namespace {

constexpr std::size_t shown_bytes_max = 100;
constexpr std::size_t repeats_max = 1'000;
/// A class of many ranges of characters weighs as much as this many letters.
constexpr std::size_t property_weight = 50;

/// The characters that `\s` stands for: white space and ends of lines.
constexpr std::string_view spaces =
    R"(\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F})"
    R"(\x{205F}\x{3000}\x{FEFF})";
constexpr std::string_view not_spaces =
    R"(\x00-\x08\x0E-\x1F!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF})"
    R"(\x{200B}-\x{2027}\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF})"
    R"(\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF})";
constexpr std::string_view not_line_ends = R"([^\n\r\x{2028}\x{2029}])";

/// The long names of general categories that RE2 only knows by short ones.
constexpr std::pair<std::string_view, std::string_view> categories[] = {
    {"Letter", "L"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Mark", "M"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Symbol", "S"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Other", "C"},
    {"Control", "Cc"}};

bool is_digit(char each) { return each >= '0' && each <= '9'; }
bool is_letter(char each) {
  return (each >= 'a' && each <= 'z') || (each >= 'A' && each <= 'Z');
}

/// One character, or a class of them.
struct atom {
  std::string text;
  std::size_t weight = 1;
  bool is_class = false;
};

atom character(std::uint32_t code) {
  char digits[8];
  const auto end =
      std::to_chars(std::begin(digits), std::end(digits), code, 16).ptr;
  return {"\\x{" + std::string{std::begin(digits), end} + "}"};
}

class translation {
 public:
  explicit translation(std::string_view ecma) : all_(ecma), left_(ecma) {}

  re2_pattern made() {
    while (!left_.empty()) take_term();
    const auto weight = weight_.total();
    if (weight > pattern_weight_max) refuse("is too large");
    return {std::move(out_), weight * (ignores_case_ ? 2 : 1)};
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    refuse_pattern(all_, what);
  }
  [[noreturn]] void refuse_construct(const std::string& name) const {
    refuse("has " + name + ", which RE2 cannot express: write it without");
  }

  void add(std::string_view text, std::size_t weight) {
    out_ += text;
    weight_.add(weight);
  }
  void add(const atom& each) {
    if (each.is_class) {
      add("[" + each.text + "]", each.weight);
    } else {
      add(each.text, each.weight);
    }
  }

  bool skip(std::string_view text) {
    if (!left_.starts_with(text)) return false;
    left_.remove_prefix(text.size());
    return true;
  }
  char next() {
    const char each = left_.front();
    left_.remove_prefix(1);
    return each;
  }

  void take_term() {
    const char first = left_.front();
    switch (first) {
      case '\\':
        take_escape();
        return;
      case '[':
        take_class();
        return;
      case '(':
        open_group();
        return;
      case ')':
        // RE2 tells of groups that are not opened, or not closed.
        out_ += next();
        weight_.close_group();
        return;
      case '{':
        take_repetition();
        return;
      case '.':
        next();
        add(not_line_ends, 2);
        return;
      case '}':
      case ']':
        add(character(static_cast<unsigned char>(next())));
        return;
      case '*':
      case '+':
      case '?':
      case '|':
        out_ += next();
        return;
      default:
        add(character_text(), 1);
    }
  }

  /// The bytes of the next character.
  std::string character_text() {
    std::string text{next()};
    while (!left_.empty() && (left_.front() & '\xC0') == '\x80') {
      text += next();
    }
    return text;
  }

  void open_group() {
    next();
    std::string begin = "(";
    if (skip("?")) {
      begin += '?';
      if (skip("=") || skip("!")) refuse_construct("a lookahead");
      if (skip("<=") || skip("<!")) refuse_construct("a lookbehind");
      if (skip("<") || skip("P<")) {
        const auto end = left_.find('>');
        if (end == left_.npos) refuse("has a group whose name does not end");
        left_.remove_prefix(end + 1);
        begin = "(";
      } else if (skip("i)")) {
        ignores_case_ = true;
        out_ += "(?i)";
        return;
      } else if (skip("i:")) {
        ignores_case_ = true;
        begin += "i:";
      } else if (skip(":")) {
        begin += ':';
      } else {
        refuse_construct("a group '(?" + std::string{left_.substr(0, 1)} + "'");
      }
    }
    out_ += begin;
    weight_.open_group();
  }

  std::optional<std::size_t> take_number() {
    std::size_t number = 0;
    const auto end =
        std::from_chars(left_.data(), left_.data() + left_.size(), number);
    if (end.ptr == left_.data()) return std::nullopt;
    left_.remove_prefix(static_cast<std::size_t>(end.ptr - left_.data()));
    return end.ec == std::errc{} ? number : repeats_max + 1;
  }

  /// Takes a repetition in braces, or a character where it is none.
  void take_repetition() {
    const auto before = left_;
    next();
    const auto least = take_number();
    auto most = least;
    if (least && skip(",")) most = take_number();
    if (!least || !skip("}")) {
      left_ = before.substr(1);
      add(character('{'));
      return;
    }
    const auto count = std::max(*least, most.value_or(*least));
    if (count > repeats_max) {
      refuse(
          "repeats more than 1,000 times, which RE2 cannot express: use "
          "minLength and maxLength");
    }
    out_ += before.substr(0, before.size() - left_.size());
    weight_.repeat(count);
  }

  void take_escape() {
    if (left_.size() > 1 && (left_[1] == 'b' || left_[1] == 'B')) {
      add(left_.substr(0, 2), 1);
      left_.remove_prefix(2);
      return;
    }
    add(escaped());
  }

  /// Returns the atom that an escape stands for, within a class and without.
  atom escaped() {
    next();
    if (left_.empty()) refuse("ends in '\\'");
    const char name = next();
    switch (name) {
      case 'd':
      case 'D':
      case 'w':
      case 'W':
        return {std::string{'\\', name}, 2, true};
      case 's':
        return {std::string{spaces}, 4, true};
      case 'S':
        return {std::string{not_spaces}, 4, true};
      case 'p':
      case 'P':
        return property(name);
      case 't':
      case 'n':
      case 'v':
      case 'f':
      case 'r':
        return {std::string{'\\', name}};
      case 'b':
        return character('\b');
      case 'c':
        if (left_.empty() || !is_letter(left_.front())) refuse_escape(name);
        return character(static_cast<unsigned char>(next()) % 32U);
      case 'x':
        return character(hexadecimal(2));
      case 'u':
        return character(unicode());
      case 'k':
        refuse_construct("a reference to a group");
      default:
        return literal(name);
    }
  }

  atom literal(char name) {
    if (name == '0' && (left_.empty() || !is_digit(left_.front()))) {
      return character(0);
    }
    if (is_digit(name)) refuse_construct("a reference to a group");
    // An unknown letter may be one that other languages know.
    if (is_letter(name) || (name & '\x80') != 0) refuse_escape(name);
    return character(static_cast<unsigned char>(name));
  }

  [[noreturn]] void refuse_escape(char name) const {
    refuse(std::string{"has the escape '\\"} + name +
           "', which ECMA-262 does not have");
  }

  std::uint32_t hexadecimal(std::size_t digits) {
    std::uint32_t code = 0;
    const auto part = left_.substr(0, digits);
    const auto end =
        std::from_chars(part.data(), part.data() + part.size(), code, 16);
    if (part.empty() || end.ec != std::errc{} ||
        end.ptr != part.data() + part.size() || part.size() != digits) {
      refuse("has an escape with too few hexadecimal digits");
    }
    left_.remove_prefix(digits);
    return code;
  }

  std::uint32_t unicode() {
    if (skip("{")) {
      const auto end = left_.find('}');
      if (end == left_.npos || end > 8) refuse("has a '\\u{' without a '}'");
      const auto code = hexadecimal(end);
      next();
      if (code > 0x10FFFF) refuse("has a character above U+10FFFF");
      return code;
    }
    const auto first = hexadecimal(4);
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first < 0xDC00 && skip("\\u")) {
      const auto second = hexadecimal(4);
      if (second >= 0xDC00 && second <= 0xDFFF) {
        return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
      }
    }
    refuse("has an unpaired surrogate");
  }

  /// A property of characters, by its general category or its script.
  atom property(char name) {
    std::string_view value;
    if (skip("{")) {
      const auto end = left_.find('}');
      if (end == left_.npos) refuse("has a property name without a '}'");
      value = left_.substr(0, end);
      left_.remove_prefix(end + 1);
    } else {
      value = left_.substr(0, 1);
      left_.remove_prefix(value.size());
    }
    for (const std::string_view kind :
         {"Script=", "sc=", "General_Category=", "gc="}) {
      if (value.starts_with(kind)) value.remove_prefix(kind.size());
    }
    for (const auto& [known, code] : categories) {
      if (value == known) value = code;
    }
    return {std::string{'\\', name} + "{" + std::string{value} + "}",
            property_weight, true};
  }

  atom class_atom() {
    const char first = left_.front();
    if (first == '\\') return escaped();
    if ((first & '\x80') == 0 && !is_letter(first) && !is_digit(first)) {
      return character(static_cast<unsigned char>(next()));
    }
    return {character_text(), (first & '\x80') != 0 ? 2U : 1U};
  }

  void take_class() {
    next();
    const bool is_negated = skip("^");
    std::string text;
    std::size_t weight = is_negated ? 2 : 1;
    std::size_t parts = 0;
    while (!left_.empty() && left_.front() != ']') {
      const auto low = class_atom();
      text += low.text;
      weight += low.weight - 1;
      ++parts;
      if (left_.size() < 2 || left_[0] != '-' || left_[1] == ']') continue;
      next();
      const auto high = class_atom();
      weight += high.weight - 1;
      // A class has no end of a range, so that the dash stands for itself.
      const bool is_range = !low.is_class && !high.is_class;
      text += (is_range ? "-" : R"(\x{2D})") + high.text;
    }
    if (!skip("]")) refuse("has a '[' without a ']'");
    if (parts == 0) {
      // No character, or any.
      text = R"(\x{0}-\x{10FFFF})";
      add((is_negated ? "[" : "[^") + text + "]", 2);
      return;
    }
    add((is_negated ? "[^" : "[") + text + "]", weight);
  }

  std::string_view all_;
  std::string_view left_;
  std::string out_;
  pattern_weight weight_{pattern_weight_max};
  bool ignores_case_ = false;
};

}  // namespace

re2_pattern translated(std::string_view ecma) {
  return translation{ecma}.made();
}

void refuse_pattern(std::string_view pattern, const std::string& what) {
  throw error{errc::bad_flow,
              "the pattern '" +
                  printable(pattern, line_breaks::joined, shown_bytes_max) +
                  "' " + printable(what)}
      .permanent();
}

}  // namespace troupe::llm::detail
