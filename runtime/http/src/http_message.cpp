#include "troupe/http/http_message.hpp"

#include "troupe/printable.hpp"

#include <algorithm>

namespace troupe {

std::optional<std::string_view> http_response::header(
    std::string_view name) const& {
  const auto found =
      std::find_if(headers.begin(), headers.end(),
                   [&](const auto& each) { return each.name == name; });
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

std::string asked_by(const http_request& request) {
  constexpr std::size_t shown_max = 300;
  std::string_view address = request.url;
  address = address.substr(0, address.find_first_of("?#"));
  const auto scheme = address.find("://");
  const auto host = scheme == address.npos ? 0 : scheme + 3;
  const auto user =
      address.substr(host, address.find('/', host) - host).rfind('@');
  std::string text = request.method + " ";
  text += address.substr(0, host);
  text += address.substr(user == address.npos ? host : host + user + 1);
  return printable(text, line_breaks::joined, shown_max);
}

}  // namespace troupe
