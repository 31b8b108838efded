#include "summarize/markup.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace summarize {

namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

/// The name in a tag, lower-case, with the slash of an end tag.
std::string tag_name(std::string_view tag) {
  std::size_t end = tag.starts_with('/') ? 1 : 0;
  while (end < tag.size() && tag[end] != ' ' && tag[end] != '/' &&
         tag[end] != '\n' && tag[end] != '\t' && tag[end] != '\r') {
    ++end;
  }
  return lowered(tag.substr(0, end));
}

bool is_inline(std::string_view name) {
  constexpr std::array<std::string_view, 21> inline_names{
      "a",   "abbr",  "acronym", "b",      "big", "cite", "code",
      "dfn", "em",    "font",    "i",      "img", "kbd",  "q",
      "s",   "small", "span",    "strong", "sub", "tt",   "var"};
  if (name.starts_with('/')) name.remove_prefix(1);
  return std::binary_search(inline_names.begin(), inline_names.end(), name);
}

void append_code_point(std::string& out, std::uint32_t code) {
  const auto tail = [&](int shift) {
    out += static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
  };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0U | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0U | (code >> 12));
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xF0U | (code >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// Appends what `name`, the part between `&` and `;`, stands for. Returns
/// false if that is not known.
bool append_reference(std::string& out, std::string_view name) {
  struct named {
    std::string_view name;
    std::string_view text;
  };
  constexpr std::array<named, 11> known{{{"amp", "&"},
                                         {"lt", "<"},
                                         {"gt", ">"},
                                         {"quot", "\""},
                                         {"apos", "'"},
                                         {"nbsp", " "},
                                         {"copy", "©"},
                                         {"ndash", "–"},
                                         {"mdash", "—"},
                                         {"rsquo", "’"},
                                         {"hellip", "…"}}};
  for (const named& one : known) {
    if (one.name == name) {
      out += one.text;
      return true;
    }
  }
  if (!name.starts_with('#')) return false;
  const bool hex = name.size() > 1 && lower(name[1]) == 'x';
  name.remove_prefix(hex ? 2 : 1);
  std::uint32_t code = 0;
  const auto [end, fault] = std::from_chars(
      name.data(), name.data() + name.size(), code, hex ? 16 : 10);
  const bool surrogate = code >= 0xD800 && code < 0xE000;
  if (fault != std::errc() || end != name.data() + name.size() || code == 0 ||
      surrogate || code > 0x10FFFF) {
    return false;
  }
  append_code_point(out, code);
  return true;
}

class html_reader {
 public:
  explicit html_reader(std::string_view html) : rest_(html) {}

  std::string run() {
    while (!rest_.empty()) {
      const std::size_t next = rest_.find_first_of("<&");
      take_text(rest_.substr(0, next));
      if (next == std::string_view::npos) break;
      rest_.remove_prefix(next);
      if (rest_.front() == '<') {
        take_tag();
      } else {
        take_reference();
      }
    }
    return std::move(out_);
  }

 private:
  /// Line ends in the source mean no more than spaces, except in `pre`.
  void take_text(std::string_view text) {
    for (const char c : text) {
      const bool space = c == '\n' || c == '\r' || c == '\t';
      out_ += space && !preformatted_ ? ' ' : c;
    }
  }

  void take_tag() {
    if (rest_.starts_with("<!--")) return skip_past("-->");
    const bool tag = rest_.size() > 1 &&
                     (rest_[1] == '/' || rest_[1] == '!' || rest_[1] == '?' ||
                      (lower(rest_[1]) >= 'a' && lower(rest_[1]) <= 'z'));
    const std::size_t end = rest_.find('>');
    if (!tag || end == std::string_view::npos) {
      out_ += '<';
      rest_.remove_prefix(1);
      return;
    }
    const std::string name = tag_name(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    if (name == "script" || name == "style" || name == "head") {
      return skip_past("</" + name);
    }
    if (name == "pre") preformatted_ = true;
    if (name == "/pre") preformatted_ = false;
    if (name == "li" || name == "dd") {
      out_ += "\n- ";
    } else if (name == "td" || name == "th") {
      out_ += ' ';
    } else if (!is_inline(name)) {
      out_ += "\n\n";
    }
  }

  void take_reference() {
    const std::size_t end = rest_.substr(0, 12).find(';');
    if (end != std::string_view::npos &&
        append_reference(out_, rest_.substr(1, end - 1))) {
      rest_.remove_prefix(end + 1);
    } else {
      out_ += '&';
      rest_.remove_prefix(1);
    }
  }

  /// Skips what ends with `mark`, in either case of letters, and for an end
  /// tag its bracket too. Nothing more is read if there is no such end.
  void skip_past(std::string_view mark) {
    const auto same = [](char a, char b) { return lower(a) == lower(b); };
    const auto at =
        std::search(rest_.begin(), rest_.end(), mark.begin(), mark.end(), same);
    rest_.remove_prefix(static_cast<std::size_t>(at - rest_.begin()));
    rest_.remove_prefix(std::min(mark.size(), rest_.size()));
    if (mark.ends_with('>')) return;
    const std::size_t end = rest_.find('>');
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  }

  std::string_view rest_;
  std::string out_;
  bool preformatted_ = false;
};

}  // namespace

bool looks_like_html(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return false;
  const std::string start = lowered(text.substr(first, 512));
  if (start.starts_with("<!doctype html") || start.starts_with("<html")) {
    return true;
  }
  const bool opens_other =
      start.starts_with("<?xml") || start.starts_with("<!--");
  return opens_other && start.find("<html") != std::string::npos;
}

std::string html_to_text(std::string_view html) {
  return html_reader(html).run();
}

}  // namespace summarize
