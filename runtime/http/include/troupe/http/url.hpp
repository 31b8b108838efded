#pragma once

#include <string>
#include <string_view>

namespace troupe {

/// The address that `reference`, for example of a header Location, stands for
/// in a response from `base`: it may be a whole address or only a path.
///
/// Source: RFC 3986, 5.2, without the removal of "." and "..", which whoever
/// sends the request does.
[[nodiscard]] std::string resolved_url(std::string_view base,
                                       std::string_view reference);

/// Returns whether two addresses have scheme, host and port in common, as a
/// browser compares them: letters of either case, and the port that a scheme
/// has where none is named.
[[nodiscard]] bool has_same_origin(std::string_view one,
                                   std::string_view other);

/// Scheme, host and port of an address, without who is named before '@'; empty
/// where it has no scheme.
[[nodiscard]] std::string origin_of(std::string_view url);

/// True if a browser may be sent there: an address of the schemes http or https
/// with a host, and without blanks, control characters and backslashes, which
/// browsers take for something else.
[[nodiscard]] bool is_web_url(std::string_view url);

}  // namespace troupe
