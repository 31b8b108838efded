#include "troupe/http/url.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace troupe {

namespace {

constexpr std::string_view slashes = "://";

/// Returns the beginning of the path, or of the query, or the end. 0 for what
/// has no scheme.
std::size_t end_of_authority(std::string_view url) {
  const auto scheme = url.find(slashes);
  if (scheme == url.npos || url.find_first_of("/?#") < scheme) return 0;
  const auto end = url.find_first_of("/?#\\", scheme + slashes.size());
  return std::min(end, url.size());
}

std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  std::transform(
      lower.begin(), lower.end(), lower.begin(),
      [](unsigned char each) { return static_cast<char>(std::tolower(each)); });
  return lower;
}

/// With the port that a scheme has where none is named.
std::string full_origin(std::string_view url) {
  auto origin = origin_of(url);
  const auto host = origin.find(slashes) + slashes.size();
  const auto bracket = origin.find(']', host);
  const auto colon = origin.find(':', bracket == origin.npos ? host : bracket);
  if (colon != origin.npos && colon + 1 < origin.size()) return origin;
  if (colon == origin.npos) origin += ':';
  return origin + (origin.starts_with("https") ? "443" : "80");
}

}  // namespace

std::string origin_of(std::string_view url) {
  const auto end = end_of_authority(url);
  if (end == 0) return {};
  const auto begin = url.find(slashes) + slashes.size();
  auto host = url.substr(begin, end - begin);
  if (const auto user = host.rfind('@'); user != host.npos) {
    host.remove_prefix(user + 1);
  }
  return in_lower_case(url.substr(0, begin)) + in_lower_case(host);
}

bool is_web_url(std::string_view url) {
  const auto origin = origin_of(url);
  const auto host = origin.find(slashes) + slashes.size();
  const bool is_web =
      origin.starts_with("http://") || origin.starts_with("https://");
  if (!is_web || origin.size() == host || origin[host] == ':') return false;
  return std::none_of(url.begin(), url.end(), [](char each) {
    const auto byte = static_cast<unsigned char>(each);
    return byte <= ' ' || byte == 0x7F || byte == '\\';
  });
}

std::string resolved_url(std::string_view base, std::string_view reference) {
  const auto first = reference.find_first_not_of(" \t");
  reference.remove_prefix(std::min(first, reference.size()));
  if (end_of_authority(reference) != 0) return std::string{reference};
  const auto end = end_of_authority(base);
  const auto without = [&](std::string_view mark) {
    const auto found = base.find_first_of(mark, end);
    return std::string{base.substr(0, found)};
  };
  if (reference.empty()) return without("#");
  if (reference.starts_with("//")) {
    return std::string{base.substr(0, base.find(slashes) + 1)} +
           std::string{reference};
  }
  if (reference.front() == '/') {
    return std::string{base.substr(0, end)} + std::string{reference};
  }
  if (reference.front() == '?') return without("?#") + std::string{reference};
  if (reference.front() == '#') return without("#") + std::string{reference};
  auto folder = without("?#");
  const auto slash = folder.rfind('/');
  folder = slash == folder.npos || slash < end ? folder + "/"
                                               : folder.substr(0, slash + 1);
  return folder + std::string{reference};
}

bool has_same_origin(std::string_view one, std::string_view other) {
  return !origin_of(one).empty() && full_origin(one) == full_origin(other);
}

}  // namespace troupe
