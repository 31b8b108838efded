#pragma once

#include <troupe/remote/network.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <utility>
#include <vector>

namespace troupe_test {

/// An authority that lives as long as a test: it writes certificates and keys
/// into a folder of its own, which ends with it.
class certificates {
 public:
  /// The subject of a certificate.
  struct subject {
    /// DNS names, as alternative names. None: there are no alternative names.
    std::vector<std::string> names;
    std::string common_name = "test";
    /// Of the key; empty: it is not encrypted.
    std::string password = {};
    /// The extended key usage, as OpenSSL writes it. Empty: any.
    std::string usage = {};
    /// Seconds from now.
    long ends_in = 24L * 60 * 60;
  };
  struct pair {
    std::string certificate;
    std::string key;
  };

  certificates() : folder_(new_folder()), key_(new_key()) {
    own_ = unsigned_certificate({.names = {}, .common_name = "authority"},
                                key_.get());
    check(X509_set_issuer_name(own_.get(), X509_get_subject_name(own_.get())));
    add(own_.get(), NID_basic_constraints, "critical,CA:TRUE");
    check(X509_sign(own_.get(), key_.get(), EVP_sha256()));
    write(authorities(),
          [&](FILE* to) { return PEM_write_X509(to, own_.get()); });
  }
  certificates(const certificates&) = delete;
  certificates& operator=(const certificates&) = delete;
  ~certificates() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  [[nodiscard]] std::string authorities() const { return file("authority"); }
  /// A file that nobody has written yet.
  [[nodiscard]] std::string file(const std::string& name) const {
    return (folder_ / (name + ".pem")).string();
  }

  pair issue(const subject& whom) {
    const auto key = new_key();
    const auto made = unsigned_certificate(whom, key.get());
    check(X509_set_issuer_name(made.get(), X509_get_subject_name(own_.get())));
    std::string names;
    for (const auto& each : whom.names) {
      names += (names.empty() ? "DNS:" : ",DNS:") + each;
    }
    if (!names.empty()) add(made.get(), NID_subject_alt_name, names);
    if (!whom.usage.empty()) add(made.get(), NID_ext_key_usage, whom.usage);
    check(X509_sign(made.get(), key_.get(), EVP_sha256()));
    const auto number = std::to_string(last_);
    const pair files{file("certificate-" + number), file("key-" + number)};
    write(files.certificate,
          [&](FILE* to) { return PEM_write_X509(to, made.get()); });
    write(files.key, [&](FILE* to) {
      auto password = whom.password;
      return PEM_write_PrivateKey(
          to, key.get(), password.empty() ? nullptr : EVP_aes_256_cbc(),
          reinterpret_cast<unsigned char*>(password.data()),
          static_cast<int>(password.size()), nullptr, nullptr);
    });
    return files;
  }

  /// For one with such a certificate, who speaks to `peers`.
  troupe::remote::tls_options tls(const subject& whom,
                                  std::vector<std::string> peers) {
    const auto files = issue(whom);
    return {.certificate = files.certificate,
            .key = files.key,
            .key_password = whom.password,
            .authorities = authorities(),
            .peers = std::move(peers)};
  }
  troupe::remote::network_options network(const std::string& name,
                                          std::vector<std::string> peers) {
    return {.tls = tls({.names = {name}}, std::move(peers))};
  }

 private:
  using key_ptr = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;
  using certificate_ptr = std::unique_ptr<X509, void (*)(X509*)>;

  static void check(int result) {
    if (result <= 0) throw std::runtime_error{"OpenSSL makes no certificate"};
  }
  static std::filesystem::path new_folder() {
    auto name =
        (std::filesystem::temp_directory_path() / "troupe-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error{"no folder for certificates"};
    }
    return name;
  }
  static key_ptr new_key() {
    const std::unique_ptr<EVP_PKEY_CTX, void (*)(EVP_PKEY_CTX*)> maker{
        EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr), EVP_PKEY_CTX_free};
    EVP_PKEY* made = nullptr;
    check(EVP_PKEY_keygen_init(maker.get()));
    check(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(maker.get(),
                                                 NID_X9_62_prime256v1));
    check(EVP_PKEY_keygen(maker.get(), &made));
    return {made, EVP_PKEY_free};
  }
  static void add(X509* to, int kind, const std::string& text) {
    auto* const made =
        X509V3_EXT_conf_nid(nullptr, nullptr, kind, text.c_str());
    check(made == nullptr ? 0 : X509_add_ext(to, made, -1));
    X509_EXTENSION_free(made);
  }
  template <class F>
  static void write(const std::string& name, F content) {
    const std::unique_ptr<FILE, int (*)(FILE*)> to{
        std::fopen(name.c_str(), "w"), std::fclose};
    check(to ? content(to.get()) : 0);
  }
  certificate_ptr unsigned_certificate(const subject& whom, EVP_PKEY* key) {
    certificate_ptr made{X509_new(), X509_free};
    check(X509_set_version(made.get(), 2));
    check(ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++last_));
    // Some machines' clocks differ a little, and the test may be slow.
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -2L * 24 * 60 * 60);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), whom.ends_in);
    check(X509_set_pubkey(made.get(), key));
    check(X509_NAME_add_entry_by_txt(
        X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(whom.common_name.c_str()), -1,
        -1, 0));
    return made;
  }

  const std::filesystem::path folder_;
  const key_ptr key_;
  certificate_ptr own_{nullptr, X509_free};
  long last_ = 0;
};

}  // namespace troupe_test
