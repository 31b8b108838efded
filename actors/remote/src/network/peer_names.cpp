#include "network/peer_names.hpp"

#include <troupe/error.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>
#include <sys/socket.h>
#include <utility>

namespace troupe::remote {

namespace {

// The names whose connections this thread makes, if it is the middleman's.
thread_local peer_names* current = nullptr;
thread_local bool was_told_of_context = false;

/// The actor systems that are watched over.
struct watched {
  std::mutex mutex;
  std::map<const caf::actor_system*, peer_names*> systems;

  static watched& all() {
    static watched only;
    return only;
  }
};

/// The machine at the other end, without its port, which is another one for
/// each connection.
std::string machine_at(const SSL* session) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  std::array<char, NI_MAXHOST> host{};
  if (getpeername(SSL_get_fd(session), generic, &size) != 0 ||
      getnameinfo(generic, size, host.data(), host.size(), nullptr, 0,
                  NI_NUMERICHOST) != 0) {
    return "somewhere";
  }
  return host.data();
}

void refuse(peer_names& names, const SSL* session, const std::string& why) {
  names.refused().add("refused a peer at " + machine_at(session) + ": " + why,
                      clock::steady().now());
}

/// For people: what is in a certificate that an authority has signed.
std::string names_in(const X509* shown) {
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> all{
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(shown, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free};
  std::string text;
  for (int i = 0; i < sk_GENERAL_NAME_num(all.get()); ++i) {
    const auto* const each = sk_GENERAL_NAME_value(all.get(), i);
    if (each->type != GEN_DNS) continue;
    const auto* const name = each->d.dNSName;
    text +=
        (text.empty() ? "'" : ", '") +
        std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name)),
                    static_cast<std::size_t>(ASN1_STRING_length(name))) +
        "'";
  }
  if (!text.empty()) return text;
  std::array<char, 256> subject{};
  X509_NAME_oneline(X509_get_subject_name(shown), subject.data(),
                    static_cast<int>(subject.size()));
  return "'" + std::string{subject.data()} + "'";
}

// OpenSSL cannot be passed by an exception.
int verify(X509_STORE_CTX* chain, void* watcher) noexcept {
  auto& names = *static_cast<peer_names*>(watcher);
  const auto* const session = static_cast<const SSL*>(
      X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  if (X509_verify_cert(chain) <= 0) {
    refuse(names, session,
           std::string{"its certificate is not trusted: "} +
               X509_verify_cert_error_string(X509_STORE_CTX_get_error(chain)));
    return 0;
  }
  auto* const shown = X509_STORE_CTX_get0_cert(chain);
  const auto& allowed = names.allowed();
  const bool is_known =
      std::any_of(allowed.begin(), allowed.end(), [&](const std::string& name) {
        return X509_check_host(shown, name.data(), name.size(),
                               X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                               nullptr) == 1;
      });
  if (is_known) return 1;
  refuse(names, session,
         "its certificate is for " + names_in(shown) +
             ", none of which tls.peers lists");
  X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

int own_index();

peer_names* watcher_of(const SSL_CTX* context) {
  return static_cast<peer_names*>(SSL_CTX_get_ex_data(context, own_index()));
}

void on_progress(const SSL* session, int where, int result) noexcept {
  const auto* const context = SSL_get_SSL_CTX(session);
  auto& names = *watcher_of(context);
  auto& handshakes = names.handshakes();
  if ((where & SSL_CB_HANDSHAKE_START) != 0 && SSL_is_server(session) == 1) {
    handshakes.begin(context, SSL_get_fd(session), clock::steady().now());
  }
  if ((where & SSL_CB_HANDSHAKE_DONE) != 0) handshakes.end(context);
  if ((where & SSL_CB_EXIT) == 0 || result > 0) return;
  handshakes.look(clock::steady().now());
  const auto failure = ERR_peek_error();
  // The fault of a certificate was told already.
  if (failure != 0 &&
      ERR_GET_REASON(failure) != SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const char* const why = ERR_reason_error_string(failure);
    refuse(names, session,
           std::string{"the TLS handshake failed: "} +
               (why == nullptr ? "?" : why));
  }
  // OpenSSL keeps the errors of a thread until somebody takes them, and CAF
  // 0.17.6 does not. The next connection of the thread that only has to wait
  // would look broken then, and be closed for what another peer did.
  ERR_clear_error();
}

// OpenSSL calls it for each context that is made, before its maker has it. CAF
// makes one for each connection.
void on_new_context(void* made, void*, CRYPTO_EX_DATA* data, int index, long,
                    void*) {
  was_told_of_context = true;
  if (current == nullptr) return;
  auto* const context = static_cast<SSL_CTX*>(made);
  CRYPTO_set_ex_data(data, index, current);
  SSL_CTX_set_cert_verify_callback(context, verify, current);
  SSL_CTX_set_info_callback(context, on_progress);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
  // CAF never says goodbye, so this is no error.
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
}

void on_context_end(void* ended, void* watcher, CRYPTO_EX_DATA*, int, long,
                    void*) {
  if (watcher == nullptr) return;
  static_cast<peer_names*>(watcher)->handshakes().end(ended);
  ERR_clear_error();
}

int own_index() {
  static const int index =
      CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr,
                              on_new_context, nullptr, on_context_end);
  return index;
}

bool contexts_are_told_of() {
  if (own_index() < 0) return false;
  was_told_of_context = false;
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> probe{
      SSL_CTX_new(TLS_method()), SSL_CTX_free};
  return was_told_of_context;
}

}  // namespace

peer_names::peer_names(std::vector<std::string> allowed, duration time_max)
    : allowed_(std::move(allowed)), handshakes_(time_max) {
  static_cast<void>(watched::all());
  if (!contexts_are_told_of()) {
    throw error{errc::bad_flow,
                "network_options.tls: the names of peers cannot be checked "
                "with this OpenSSL"};
  }
}

peer_names::~peer_names() {
  auto& all = watched::all();
  const std::lock_guard lock{all.mutex};
  all.systems.erase(system_);
}

peer_names* peer_names::watching(const caf::actor_system& system) {
  auto& all = watched::all();
  const std::lock_guard lock{all.mutex};
  const auto known = all.systems.find(&system);
  return known == all.systems.end() ? nullptr : known->second;
}

void peer_names::on_system(caf::actor_system& system) {
  system_ = &system;
  auto& all = watched::all();
  const std::lock_guard lock{all.mutex};
  all.systems.emplace(system_, this);
}

void peer_names::on_thread() { current = this; }

void peer_names::on_thread_end() { current = nullptr; }

}  // namespace troupe::remote
