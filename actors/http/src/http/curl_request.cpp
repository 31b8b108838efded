#include "http/curl_request.hpp"

#include <troupe/http/detail/redaction.hpp>
#include <troupe/printable.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace troupe::detail {

namespace {

[[noreturn]] void refuse(std::string what) {
  throw error{errc::bad_value, std::move(what)}.permanent();
}

// Returns whether a text is a method or the name of a header by RFC 9110,
// 5.6.2.
bool is_token(std::string_view text) {
  const auto belongs = [](char each) {
    return (each >= '0' && each <= '9') || (each >= 'A' && each <= 'Z') ||
           (each >= 'a' && each <= 'z') ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(each) !=
               std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), belongs);
}

struct parsed_url {
  /// Null for an address that makes no sense.
  std::unique_ptr<CURLU, curl_deleter> parts;
  /// The reason why there is none.
  const char* fault = nullptr;
};

parsed_url parts_of(const std::string& address) {
  if (address.find('\0') != address.npos) {
    return {nullptr, "it contains a NUL byte"};
  }
  parsed_url made{std::unique_ptr<CURLU, curl_deleter>{curl_url()}};
  const auto code =
      curl_url_set(made.parts.get(), CURLUPART_URL, address.c_str(), 0);
  if (code == CURLUE_OK) return made;
  return {nullptr, curl_url_strerror(code)};
}

std::string part(CURLU* of, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(of, which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK) {
    return {};
  }
  const std::unique_ptr<char, curl_deleter> owned{text};
  return text;
}

constexpr std::size_t text_max = 500;

void check(const http_limits& limits) {
  const auto must_be_more = [](duration span, const char* name) {
    if (span > duration::zero()) return;
    refuse("http_limits." + std::string{name} + " must be more than zero");
  };
  must_be_more(limits.connect, "connect");
  must_be_more(limits.first_byte, "first_byte");
  must_be_more(limits.idle, "idle");
  must_be_more(limits.total, "total");
  if (limits.body_max < 1) refuse("http_limits.body_max must be at least 1");
}

void set_verb(CURL* easy, const http_request& request) {
  const bool has_body = !request.body.empty() || request.method == "POST" ||
                        request.method == "PUT";
  if (has_body) {
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
  }
  if (request.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

// The environment's proxies, of which libcurl shows all if they make no sense.
std::string explained(CURLcode code, const char* text) {
  std::string what = *text != '\0' ? text : curl_easy_strerror(code);
  if (what.starts_with("Unsupported proxy")) {
    return "the proxy address in the environment (http_proxy, https_proxy or "
           "all_proxy) is invalid";
  }
  for (const char* name :
       {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"}) {
    const char* proxy = std::getenv(name);
    if (proxy == nullptr || *proxy == '\0') continue;
    const std::string_view known{proxy};
    static constexpr std::string_view instead = "a proxy";
    for (auto at = what.find(known); at != what.npos;
         at = what.find(known, at + instead.size())) {
      what.replace(at, known.size(), instead);
    }
    secrets hidden;
    hidden.add_url(known);
    what = hidden.without(std::move(what));
  }
  return printable(what, line_breaks::joined, text_max);
}

}  // namespace

std::optional<std::string> mistake_in(const http_header& header) {
  if (!is_token(header.name)) {
    // Not shown: it may be a key in the wrong place.
    return "invalid header name: letters, digits and !#$%&'*+-.^_`|~ are "
           "allowed";
  }
  if (header.value.find_first_of(std::string_view{"\r\n\0", 3}) !=
      std::string::npos) {
    return "invalid value of the header '" + header.name +
           "': it contains a line break or a NUL byte";
  }
  return std::nullopt;
}

void check(const http_request& request) {
  if (!is_token(request.method)) {
    refuse("invalid HTTP method: it must be one word, for example GET");
  }
  const auto address = parts_of(request.url);
  if (!address.parts) {
    // Not shown: what is no address may be a key in the wrong place.
    refuse(std::string{"invalid URL: "} + address.fault);
  }
  const std::string scheme = part(address.parts.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    refuse("invalid URL '" + shown_url(request.url) +
           "': it must begin with http:// or https://");
  }
  for (const auto& each : request.headers) {
    if (auto mistake = mistake_in(each)) refuse(std::move(*mistake));
  }
  check(request.limits);
}

std::string server_of(const std::string& address) {
  const auto parts = parts_of(address).parts;
  if (!parts) return "the server";
  return printable(part(parts.get(), CURLUPART_SCHEME) + "://" +
                   part(parts.get(), CURLUPART_HOST) + ":" +
                   part(parts.get(), CURLUPART_PORT));
}

std::string trusted_file(const http_options& options) {
  if (!options.ca_file.empty()) return options.ca_file;
  for (const char* name : {"SSL_CERT_FILE", "CURL_CA_BUNDLE"}) {
    const char* file = std::getenv(name);
    if (file != nullptr && *file != '\0') return file;
  }
  return {};
}

curl_headers set_up(CURL* easy, const http_request& request,
                    const std::string& ca_file) {
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  // Else who gives up waits until the name is resolved, and all others too.
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  // A connection can be shared once its TLS handshake has said so, which
  // is worth waiting for. Without TLS it is known after the first response.
  constexpr std::string_view tls = "https:";
  const bool has_tls =
      curl_strnequal(request.url.c_str(), tls.data(), tls.size()) != 0;
  curl_easy_setopt(easy, CURLOPT_PIPEWAIT, has_tls ? 1L : 0L);
  // All encodings that libcurl can unpack.
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (!ca_file.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
  }
  set_verb(easy, request);
  curl_headers headers;
  const auto add = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc{};
    static_cast<void>(headers.release());
    headers.reset(longer);
  };
  for (const auto& each : request.headers) {
    // In libcurl's words a header without a value ends in a semicolon.
    add(each.value.empty() ? each.name + ";" : each.name + ": " + each.value);
  }
  // Else a large body is sent a second late to servers that do not answer it.
  add("Expect:");
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  return headers;
}

error error_of(CURLcode code, const char* text, const std::string& server,
               std::size_t received) {
  const std::string what = explained(code, text);
  const std::string from = " (" + server + ")";
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return error{errc::request_failed,
                   "cannot verify the server's certificate: " + what + from}
          .permanent();
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return error{errc::request_failed,
                   "the response broke off after " + std::to_string(received) +
                       " bytes of its body: " + what + from};
    default:
      return error{errc::request_failed, what + from};
  }
}

}  // namespace troupe::detail
