#include "peer_names.hpp"

#include <algorithm>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <utility>

namespace troupe::remote {

namespace {

// Whose connections this thread makes, if it is the middleman's.
thread_local const peer_names* current = nullptr;

int verify(X509_STORE_CTX* chain, void* names) {
  if (X509_verify_cert(chain) <= 0) return 0;
  auto* const shown = X509_STORE_CTX_get0_cert(chain);
  const auto& allowed = static_cast<const peer_names*>(names)->allowed();
  const bool is_known =
      std::any_of(allowed.begin(), allowed.end(), [&](const std::string& name) {
        return X509_check_host(shown, name.data(), name.size(), 0, nullptr) ==
               1;
      });
  if (is_known) return 1;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

// OpenSSL calls it for each context that is made, before its maker has it.
void on_new_context(void* context, void*, CRYPTO_EX_DATA*, int, long, void*) {
  if (current == nullptr) return;
  SSL_CTX_set_cert_verify_callback(static_cast<SSL_CTX*>(context), verify,
                                   const_cast<peer_names*>(current));
}

}  // namespace

peer_names::peer_names(std::vector<std::string> allowed)
    : allowed_(std::move(allowed)) {
  static const int once = CRYPTO_get_ex_new_index(
      CRYPTO_EX_INDEX_SSL_CTX, 0, nullptr, on_new_context, nullptr, nullptr);
  static_cast<void>(once);
}

void peer_names::on_thread() { current = this; }

void peer_names::on_thread_end() { current = nullptr; }

}  // namespace troupe::remote
