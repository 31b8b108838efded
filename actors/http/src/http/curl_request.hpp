#pragma once

#include <troupe/error.hpp>
#include <troupe/http/http.hpp>

#include <cstddef>
#include <curl/curl.h>
#include <memory>
#include <optional>
#include <string>

namespace troupe::detail {

struct curl_deleter {
  void operator()(CURL* gone) const noexcept { curl_easy_cleanup(gone); }
  void operator()(CURLU* gone) const noexcept { curl_url_cleanup(gone); }
  void operator()(char* gone) const noexcept { curl_free(gone); }
  void operator()(curl_slist* gone) const noexcept {
    curl_slist_free_all(gone);
  }
};
using curl_easy = std::unique_ptr<CURL, curl_deleter>;
using curl_headers = std::unique_ptr<curl_slist, curl_deleter>;

/// Errors: throws `errc::bad_value`, permanent, for a request that makes no
/// sense. What its headers and its body contain is not told.
void check(const http_request& request);
/// Returns the fault of a header, or nothing.
[[nodiscard]] std::optional<std::string> mistake_in(const http_header& header);

/// "https://host:443" of an address: what of it people may see.
[[nodiscard]] std::string server_of(const std::string& address);

/// The certificates to trust, or nothing for those of the machine.
[[nodiscard]] std::string trusted_file(const http_options& options);

/// Tells libcurl all of a request that is not a callback. The request and the
/// headers that this gives must live as long as the transfer.
[[nodiscard]] curl_headers set_up(CURL* easy, const http_request& request,
                                  const std::string& ca_file);

/// Returns the error of a failed transfer. `text` is libcurl's own, or empty;
/// `received` are the bytes of the body that had come. What the environment
/// says of proxies does not show, as it may hold a password.
[[nodiscard]] error error_of(CURLcode code, const char* text,
                             const std::string& server, std::size_t received);

}  // namespace troupe::detail
