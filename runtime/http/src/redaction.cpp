#include "troupe/http/detail/redaction.hpp"

#include "troupe/http/url.hpp"
#include "troupe/printable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace troupe::detail {

namespace {

constexpr std::size_t secret_min = 8;
/// So much of a secret before an ellipsis is a part of it.
constexpr std::size_t part_min = 6;
constexpr std::size_t url_shown_max = 200;

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  for (char& each : lower) {
    if (each >= 'A' && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
  }
  return lower;
}

std::optional<unsigned> digit_of(char each) {
  if (each >= '0' && each <= '9') return static_cast<unsigned>(each - '0');
  if (each >= 'a' && each <= 'f') return static_cast<unsigned>(each - 'a' + 10);
  if (each >= 'A' && each <= 'F') return static_cast<unsigned>(each - 'A' + 10);
  return std::nullopt;
}

/// The number that the hexadecimal digits at a place of a text write.
std::optional<unsigned> number_at(std::string_view text, std::size_t at,
                                  std::size_t digits) {
  if (at > text.size() || text.size() - at < digits) return std::nullopt;
  unsigned number = 0;
  for (const char each : text.substr(at, digits)) {
    const auto digit = digit_of(each);
    if (!digit) return std::nullopt;
    number = number * 16 + *digit;
  }
  return number;
}

std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto number =
        text[at] == '%' ? number_at(text, at + 1, 2) : std::nullopt;
    plain += number ? static_cast<char>(*number) : text[at];
    if (number) at += 2;
  }
  return plain;
}

std::string base64_of(std::string_view bytes) {
  static constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const bool is_there = at + i < bytes.size();
      bits = bits << 8U |
             (is_there ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    const auto count = std::min<std::size_t>(bytes.size() - at, 3) + 1;
    for (std::size_t i = 0; i < 4; ++i) {
      text += i < count ? digits[bits >> (18U - 6U * i) & 63U] : '=';
    }
  }
  return text;
}

/// The bytes of a character of Unicode's first plane as UTF-8.
std::string utf8_of(unsigned number) {
  const auto byte = [](unsigned bits) { return static_cast<char>(bits); };
  if (number < 0x80) return {byte(number)};
  if (number < 0x800) {
    return {byte(0xC0U | number >> 6U), byte(0x80U | (number & 0x3FU))};
  }
  return {byte(0xE0U | number >> 12U), byte(0x80U | (number >> 6U & 0x3FU)),
          byte(0x80U | (number & 0x3FU))};
}

/// Bytes of a text, and how many characters there stand for them.
struct unit {
  std::string bytes;
  std::size_t size = 1;
};

// Returns the character that is escaped at a place of a text: "%2B", or
// "\u002b", or "\/", or one of these with more backslashes, as in JSON inside
// of JSON.
std::optional<unit> escaped_at(std::string_view text, std::size_t at) {
  if (text[at] == '%') {
    const auto number = number_at(text, at + 1, 2);
    if (!number) return std::nullopt;
    return unit{{static_cast<char>(*number)}, 3};
  }
  if (text[at] != '\\') return std::nullopt;
  const auto after = std::min(text.find_first_not_of('\\', at), text.size());
  if (after == text.size()) return std::nullopt;
  if (text[after] == 'u') {
    if (const auto number = number_at(text, after + 1, 4)) {
      return unit{utf8_of(*number), after + 5 - at};
    }
  }
  const char plain = text[after] == 't' ? '\t' : text[after];
  return unit{{plain}, after + 1 - at};
}

// One or more backslashes of a secret stand for so many in a text or more.
std::size_t backslashes_at(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of('\\', at), text.size()) - at;
}

/// Returns the position in `text` at which `secret`, of which the bytes from
/// `done` on are left, ends, or nothing.
std::optional<std::size_t> end_of(std::string_view secret,
                                  std::string_view text, std::size_t at) {
  std::size_t done = 0;
  while (done < secret.size()) {
    // A secret that was cut in the middle.
    if (done >= part_min && text.substr(at).starts_with("...")) return at;
    if (at >= text.size()) return std::nullopt;
    if (secret[done] == '\\' && text[at] == '\\') {
      const auto wanted = backslashes_at(secret, done);
      const auto there = backslashes_at(text, at);
      if (there < wanted) return std::nullopt;
      done += wanted;
      at += there;
      continue;
    }
    if (text[at] == secret[done]) {
      ++done;
      ++at;
      continue;
    }
    const auto escaped = escaped_at(text, at);
    if (!escaped || !secret.substr(done).starts_with(escaped->bytes)) {
      return std::nullopt;
    }
    done += escaped->bytes.size();
    at += escaped->size;
  }
  return at;
}

// Headers whose contents anybody may know.
bool is_public(std::string_view name) {
  static constexpr std::array<std::string_view, 16> known = {
      "accept",
      "accept-encoding",
      "accept-language",
      "anthropic-beta",
      "anthropic-version",
      "cache-control",
      "content-type",
      "host",
      "http-referer",
      "openai-beta",
      "origin",
      "pragma",
      "referer",
      "user-agent",
      "x-title",
      "x-portkey-provider"};
  return std::find(known.begin(), known.end(), in_lower_case(name)) !=
         known.end();
}

bool is_secret_name(std::string_view name) {
  const auto lower = in_lower_case(name);
  static constexpr std::array<std::string_view, 8> words = {
      "key", "token", "sig", "secret", "auth", "pass", "pwd", "credential"};
  return lower == "code" ||
         std::any_of(words.begin(), words.end(), [&](std::string_view each) {
           return lower.find(each) != std::string::npos;
         });
}

/// Returns the position of the host in an address, behind "https://".
std::size_t host_of(std::string_view url) {
  const auto scheme = url.find("://");
  return scheme == url.npos ? 0 : scheme + 3;
}

/// Returns the part of an address before '@', or nothing. Of an address that
/// makes no sense, with a '/' in a password for example, it is all up to the
/// last '@'.
std::string_view user_of(std::string_view url) {
  const auto rest = url.substr(host_of(url));
  const auto authority = rest.substr(0, rest.find_first_of("/?#"));
  auto end = authority.rfind('@');
  if (end == rest.npos) {
    const auto colon = authority.find_last_of(":]");
    const bool has_port =
        colon == rest.npos || authority[colon] == ']' ||
        authority.find_first_not_of("0123456789", colon + 1) == rest.npos;
    if (!has_port) end = rest.rfind('@');
  }
  return end == rest.npos ? std::string_view{} : rest.substr(0, end);
}

}  // namespace

// -- what is secret -----------------------------------------------------------

void secrets::add_one(std::string_view text) {
  if (text.size() < secret_min) return;
  if (std::find(known_.begin(), known_.end(), text) != known_.end()) return;
  const auto longer =
      std::find_if(known_.begin(), known_.end(),
                   [&](const auto& each) { return each.size() < text.size(); });
  known_.emplace(longer, text);
}

void secrets::add(std::string_view text) {
  add_one(text);
  const auto space = text.find(' ');
  if (space == text.npos) return;
  const auto rest = text.find_first_not_of(' ', space);
  if (rest != text.npos) add_one(text.substr(rest));
}

void secrets::add(const std::vector<http_header>& headers) {
  for (const auto& each : headers) {
    if (!is_public(each.name)) add(each.value);
  }
}

void secrets::add_url(std::string_view url) {
  const auto user = user_of(url);
  if (!user.empty()) {
    const auto plain = percent_decoded(user);
    add_one(plain);
    add_one(base64_of(plain));
    const auto colon = user.find(':');
    if (colon != user.npos) {
      add_one(percent_decoded(user.substr(colon + 1)));
    }
  }
  const auto query = url.find('?');
  if (query == url.npos) return;
  auto rest = url.substr(query + 1);
  rest = rest.substr(0, rest.find('#'));
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = pair.find('=');
    if (equals == pair.npos) continue;
    if (!is_secret_name(percent_decoded(pair.substr(0, equals)))) continue;
    add_one(percent_decoded(pair.substr(equals + 1)));
  }
}

// -- where it is --------------------------------------------------------------

std::vector<secrets::span> secrets::found_in(std::string_view text) const {
  std::vector<span> found;
  if (known_.empty()) return found;
  // The bytes with which a secret may begin.
  std::array<bool, 256> starts{};
  for (const auto& each : known_) {
    starts[static_cast<unsigned char>(each.front())] = true;
  }
  starts['%'] = true;
  starts['\\'] = true;
  for (std::size_t at = 0; at < text.size();) {
    std::optional<std::size_t> end;
    if (starts[static_cast<unsigned char>(text[at])]) {
      for (const auto& each : known_) {
        end = end_of(each, text, at);
        if (end) break;
      }
    }
    if (end) {
      found.push_back({at, *end});
      at = *end;
    } else {
      // A text that does not begin with all backslashes does not begin with
      // some, and to look at each of them would take the square of their
      // number.
      at += std::max<std::size_t>(backslashes_at(text, at), 1);
    }
  }
  return found;
}

bool secrets::are_in(std::string_view text) const {
  return !found_in(text).empty();
}

std::string secrets::without(std::string text) const {
  std::vector<std::size_t> parts;
  return without(std::move(text), parts);
}

std::string secrets::without(std::string text,
                             std::vector<std::size_t>& parts) const {
  const auto found = found_in(text);
  if (found.empty()) return text;
  std::string clean;
  std::size_t at = 0;
  // Of the part under way: which, and where it ends in `text` and began in
  // `clean`.
  std::size_t part = 0;
  std::size_t part_end = parts.empty() ? 0 : parts.front();
  std::size_t part_begin = 0;
  const auto end_parts = [&](std::size_t up_to) {
    while (part < parts.size() && part_end <= up_to) {
      const auto clean_end = clean.size() - (up_to - part_end);
      parts[part] = clean_end - part_begin;
      part_begin = clean_end;
      if (++part < parts.size()) part_end += parts[part];
    }
  };
  for (const auto& each : found) {
    clean.append(text, at, each.begin - at);
    end_parts(each.begin);
    clean += instead;
    // Parts that end inside of it end behind what stands for it.
    while (part < parts.size() && part_end < each.end) {
      parts[part] = clean.size() - part_begin;
      part_begin = clean.size();
      if (++part < parts.size()) part_end += parts[part];
    }
    at = each.end;
  }
  clean.append(text, at);
  end_parts(text.size());
  return clean;
}

error secrets::without(error why) const {
  auto text = without(why.message());
  if (text == why.message()) return why;
  error clean{why.code(), std::move(text)};
  if (why.is_permanent()) clean.permanent();
  if (const auto wait = why.retry_after()) clean.retry_after(*wait);
  return clean;
}

error with_place(error why, std::string_view place) {
  switch (why.code()) {
    case errc::request_failed:
    case errc::timed_out:
    case errc::rate_limited:
    case errc::bad_reply:
    case errc::too_large:
    case errc::unauthorized:
      break;
    default:
      return why;
  }
  const auto url = place.substr(place.rfind(' ') + 1);
  const auto origin = origin_of(url);
  const auto& text = why.message();
  if (place.empty() || text.find(origin.empty() ? url : origin) != text.npos) {
    return why;
  }
  error named{why.code(), text + " (" + std::string{place} + ")"};
  if (why.is_permanent()) named.permanent();
  if (const auto wait = why.retry_after()) named.retry_after(*wait);
  return named;
}

std::size_t secrets::begun_at_end_of(std::string_view text) const {
  std::size_t most = 0;
  for (const auto& each : known_) {
    const auto size = std::min(text.size(), each.size() - 1);
    for (auto rest = text.substr(text.size() - size); rest.size() > most;
         rest.remove_prefix(1)) {
      if (each.starts_with(rest)) most = rest.size();
    }
  }
  return most;
}

// -- addresses ----------------------------------------------------------------

std::string shown_url(std::string_view url) {
  std::string shown{url};
  const auto user = user_of(url);
  if (!user.empty()) shown.erase(host_of(url), user.size() + 1);
  shown.resize(std::min(shown.find_first_of("?#"), shown.size()));
  return printable(shown, line_breaks::joined, url_shown_max);
}

}  // namespace troupe::detail
