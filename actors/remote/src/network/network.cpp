#include "caf/caf_version_modules.hpp"
#include "network/peer_names.hpp"

#include <troupe/error.hpp>
#include <troupe/printable.hpp>
#include <troupe/remote/network.hpp>

#include <caf/io/middleman.hpp>
#include <caf/openssl/manager.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <memory>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <utility>

namespace troupe::remote {

namespace {

[[noreturn]] void refuse_network(const std::string& what) {
  throw error{errc::bad_flow, "network_options." + what};
}

int give_password(char* into, int size, int, void* from) {
  const auto& password = *static_cast<const std::string*>(from);
  // CAF would cut off one that leaves no room for the zero at its end.
  if (password.size() >= static_cast<std::size_t>(size)) return 0;
  password.copy(into, password.size());
  return static_cast<int>(password.size());
}

// OpenSSL takes a name that begins with a dot for all that end like that, and
// an empty one for any that is empty.
bool is_host_name(const std::string& name) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.front() != '.' && name.back() != '.' &&
         name.find_first_not_of(letters) == name.npos;
}

/// Leaves the errors of a thread as they were.
class error_mark {
 public:
  error_mark() { ERR_set_mark(); }
  error_mark(const error_mark&) = delete;
  error_mark& operator=(const error_mark&) = delete;
  ~error_mark() { ERR_pop_to_mark(); }
};

// CAF reads the files when the first connection is made, and takes the process
// down if it cannot.
void check(const tls_options& tls) {
  if (tls.certificate.empty() || tls.key.empty()) {
    refuse_network("tls.certificate and tls.key must be set, on both sides");
  }
  if (tls.authorities.empty()) {
    refuse_network(
        "tls.authorities is empty: name a file with the certificates to trust");
  }
  if (tls.peers.empty()) {
    refuse_network(
        "tls.peers is empty: list the names that peers may have, or any "
        "certificate of the authorities would be accepted");
  }
  for (const auto& name : tls.peers) {
    if (is_host_name(name)) continue;
    refuse_network(
        "tls.peers: '" + name +
        "' is not a DNS name; patterns and addresses are not supported");
  }
  const error_mark mark;
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> probe{
      SSL_CTX_new(TLS_method()), SSL_CTX_free};
  auto password = tls.key_password;
  SSL_CTX_set_default_passwd_cb(probe.get(), give_password);
  SSL_CTX_set_default_passwd_cb_userdata(probe.get(), &password);
  if (SSL_CTX_use_certificate_chain_file(probe.get(),
                                         tls.certificate.c_str()) != 1) {
    refuse_network("tls.certificate: '" + tls.certificate +
                   "' cannot be read as a certificate");
  }
  if (SSL_CTX_use_PrivateKey_file(probe.get(), tls.key.c_str(),
                                  SSL_FILETYPE_PEM) != 1) {
    refuse_network(
        "tls.key: '" + tls.key +
        "' cannot be read as a key, or does not belong to the certificate");
  }
  if (SSL_CTX_load_verify_locations(probe.get(), tls.authorities.c_str(),
                                    nullptr) != 1) {
    refuse_network("tls.authorities: '" + tls.authorities +
                   "' contains no certificate that can be read");
  }
}

// CAF adds it to the present time without a look at the end of time.
constexpr duration longest_span = std::chrono::hours{24 * 365 * 100};

void set_span(caf::actor_system_config& config, const char* name,
              duration span) {
  config.set(
      detail::option_name(name),
      std::chrono::duration_cast<caf::timespan>(std::min(span, longest_span)));
}

void prepare(caf::actor_system_config& config, const network_options& options) {
  detail::load_module<caf::io::middleman>(config);
  set_span(config, "middleman.heartbeat-interval", options.heartbeat);
  set_span(config, "middleman.connection-timeout", options.silence_max);
  if (!options.tls) return;
  const auto& tls = *options.tls;
  detail::load_module<caf::openssl::manager>(config);
  detail::set_tls_files(
      config, {tls.certificate, tls.key, tls.key_password, tls.authorities});
  config.add_thread_hook<peer_names>(tls.peers, options.silence_max);
}

}  // namespace

namespace {

bool has_only(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char each) {
    return (each >= '0' && each <= '9') || (each >= 'a' && each <= 'z') ||
           (each >= 'A' && each <= 'Z') || others.find(each) != others.npos;
  });
}

/// With the interface that some have behind them: "fe80::1%eth0".
bool is_v6_address(std::string_view text) {
  const auto percent = text.find('%');
  if (percent != text.npos) {
    const auto interface = text.substr(percent + 1);
    if (interface.empty() || !has_only(interface, "-_.")) return false;
    text = text.substr(0, percent);
  }
  in6_addr parsed{};
  return inet_pton(AF_INET6, std::string{text}.c_str(), &parsed) == 1;
}

/// Returns the host in a text, or nothing if it is not a host.
std::string_view host_in(std::string_view text) {
  constexpr std::size_t length_max = 253;
  if (text.size() > length_max) return {};
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    return is_v6_address(text) ? text : std::string_view{};
  }
  const bool is_name =
      has_only(text, "-_.") && !text.starts_with('.') && !text.starts_with('-');
  return is_name ? text : std::string_view{};
}

std::string example_like(std::string_view text) {
  if (text.find('/') != text.npos) {
    return "example.org:4242; a URL is not accepted";
  }
  if (text.find(':') != text.rfind(':') || text.starts_with('[')) {
    return "[::1]:4242; write an IPv6 address in brackets";
  }
  return "127.0.0.1:4242";
}

}  // namespace

endpoint endpoint::from(std::string_view text) {
  const auto colon = text.rfind(':');
  endpoint made;
  std::uint16_t port = 0;
  const auto digits =
      colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  const auto [end, failed] =
      std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const auto host = host_in(text.substr(0, colon == text.npos ? 0 : colon));
  if (failed != std::errc{} || end != digits.data() + digits.size() ||
      digits.empty() || host.empty()) {
    throw error{errc::bad_value, "'" + printable(cut(text, 100)) +
                                     "' is not HOST:PORT, for example " +
                                     example_like(text)};
  }
  made.host = host;
  made.port = port;
  return made;
}

bool endpoint::is_loopback() const {
  if (host == "localhost") return true;
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == 127;
  }
  in6_addr v6{};
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string endpoint::text() const {
  const bool is_v6 = host.find(':') != host.npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::function<void(caf::actor_system_config&)> network(
    network_options options) {
  if (options.heartbeat <= duration::zero()) {
    refuse_network("heartbeat must be more than zero");
  }
  if (options.silence_max <= options.heartbeat) {
    refuse_network("silence_max must be more than heartbeat");
  }
  if (options.tls) check(*options.tls);
  return [options = std::move(options)](caf::actor_system_config& config) {
    prepare(config, options);
  };
}

}  // namespace troupe::remote
