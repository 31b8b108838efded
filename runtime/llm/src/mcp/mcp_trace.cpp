#include "troupe/llm/mcp_trace.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <utility>

namespace troupe::llm::mcp {

namespace {

constexpr std::size_t version_size = 2;
constexpr std::size_t trace_id_size = 32;
constexpr std::size_t parent_id_size = 16;
constexpr std::size_t flags_size = 2;
constexpr std::size_t traceparent_size = 55;
constexpr std::size_t traceparent_max = 256;

constexpr std::size_t states_max = 32;
constexpr std::size_t state_key_max = 256;
constexpr std::size_t state_value_max = 256;

constexpr std::size_t baggage_max = 8'192;
constexpr std::size_t baggage_values_max = 64;

bool is_digit(char each) { return each >= '0' && each <= '9'; }
bool is_lower(char each) { return each >= 'a' && each <= 'z'; }
bool is_upper(char each) { return each >= 'A' && each <= 'Z'; }
bool is_hex(char each) {
  return is_digit(each) || (each >= 'a' && each <= 'f');
}
bool is_visible(char each) { return each > ' ' && each <= '~'; }

bool are_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), is_hex);
}
bool are_zeros(std::string_view text) {
  return text.find_first_not_of('0') == std::string_view::npos;
}

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char each) {
    return is_digit(each) || is_lower(each) || is_upper(each) ||
           others.find(each) != std::string_view::npos;
  });
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Calls `check` with each part between `mark`, until one is refused.
template <class Check>
bool all_parts(std::string_view text, char mark, Check check) {
  for (;;) {
    const auto end = text.find(mark);
    if (!check(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_state_key(std::string_view key) {
  if (key.empty() || key.size() > state_key_max) return false;
  if (!is_lower(key.front()) && !is_digit(key.front())) return false;
  if (std::count(key.begin(), key.end(), '@') > 1 || key.back() == '@') {
    return false;
  }
  constexpr std::string_view others = "_-*/@";
  return std::all_of(key.begin(), key.end(), [&](char each) {
    return is_digit(each) || is_lower(each) ||
           others.find(each) != std::string_view::npos;
  });
}

bool is_state_value(std::string_view value) {
  return !value.empty() && value.size() <= state_value_max &&
         value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), [](char each) {
           return (is_visible(each) || each == ' ') && each != ',' &&
                  each != '=';
         });
}

bool is_baggage_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char each) {
    return is_visible(each) && each != '"' && each != ',' && each != ';' &&
           each != '\\';
  });
}

/// A key and a value, of which only what is not `first` may lack the latter.
bool is_baggage_pair(std::string_view pair, bool first) {
  const auto mark = pair.find('=');
  if (mark == std::string_view::npos) return !first && is_token(trimmed(pair));
  return is_token(trimmed(pair.substr(0, mark))) &&
         is_baggage_value(trimmed(pair.substr(mark + 1)));
}

}  // namespace

bool is_traceparent(std::string_view text) noexcept {
  if (text.size() < traceparent_size || text.size() > traceparent_max) {
    return false;
  }
  std::size_t at = 0;
  std::array<std::string_view, 4> parts;
  constexpr std::array<std::size_t, 4> sizes = {version_size, trace_id_size,
                                                parent_id_size, flags_size};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i > 0 && text[at++] != '-') return false;
    parts[i] = text.substr(at, sizes[i]);
    if (!are_hex(parts[i])) return false;
    at += sizes[i];
  }
  if (parts[0] == "ff" || are_zeros(parts[1]) || are_zeros(parts[2])) {
    return false;
  }
  // Later versions may have more to say.
  const auto rest = text.substr(at);
  if (rest.empty()) return true;
  return parts[0] != "00" && rest.front() == '-' &&
         std::all_of(rest.begin(), rest.end(), is_visible);
}

bool is_tracestate(std::string_view text) {
  std::set<std::string_view> keys;
  std::size_t count = 0;
  return all_parts(text, ',',
                   [&](std::string_view part) {
                     // An empty one is allowed, and counts.
                     if (++count > states_max) return false;
                     part = trimmed(part);
                     if (part.empty()) return true;
                     const auto mark = part.find('=');
                     return mark != std::string_view::npos &&
                            is_state_key(part.substr(0, mark)) &&
                            is_state_value(part.substr(mark + 1)) &&
                            keys.insert(part.substr(0, mark)).second;
                   }) &&
         !keys.empty();
}

bool is_baggage(std::string_view text) {
  if (text.size() > baggage_max) return false;
  std::size_t count = 0;
  return all_parts(text, ',', [&](std::string_view member) {
    if (++count > baggage_values_max) return false;
    bool first = true;
    return all_parts(member, ';', [&](std::string_view pair) {
      return is_baggage_pair(pair, std::exchange(first, false));
    });
  });
}

void add_trace(json& meta, const mcp_trace_context& from) {
  if (is_traceparent(from.traceparent)) {
    meta["traceparent"] = from.traceparent;
    if (is_tracestate(from.tracestate)) meta["tracestate"] = from.tracestate;
  }
  if (is_baggage(from.baggage)) meta["baggage"] = from.baggage;
}

}  // namespace troupe::llm::mcp
