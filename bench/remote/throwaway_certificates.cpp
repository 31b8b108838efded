#include "remote/throwaway_certificates.hpp"

#include <cstdio>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <string>

namespace troupe::bench {

namespace {

constexpr const char* peer_name = "worker.bench";
constexpr long lifetime_s = 24L * 60 * 60;

using key_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using certificate_ptr = std::unique_ptr<X509, decltype(&X509_free)>;

template <class T>
T checked(T result) {
  if (!result) throw std::runtime_error{"cannot make certificates"};
  return result;
}

key_ptr new_key() { return {checked(EVP_EC_gen("P-256")), &EVP_PKEY_free}; }

void add_extension(X509* to, int kind, const char* value) {
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> made{
      checked(X509V3_EXT_conf_nid(nullptr, nullptr, kind, value)),
      &X509_EXTENSION_free};
  checked(X509_add_ext(to, made.get(), -1));
}

X509_NAME* name_in(X509* certificate, const std::string& name) {
  X509_NAME* const made = X509_get_subject_name(certificate);
  checked(X509_NAME_add_entry_by_txt(
      made, "CN", MBSTRING_UTF8,
      reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0));
  return made;
}

certificate_ptr unsigned_certificate(long number, EVP_PKEY* key) {
  certificate_ptr made{checked(X509_new()), &X509_free};
  checked(X509_set_version(made.get(), 2));
  checked(ASN1_INTEGER_set(X509_get_serialNumber(made.get()), number));
  checked(X509_gmtime_adj(X509_getm_notBefore(made.get()), -60));
  checked(X509_gmtime_adj(X509_getm_notAfter(made.get()), lifetime_s));
  checked(X509_set_pubkey(made.get(), key));
  return made;
}

template <class F>
void write(const std::filesystem::path& to, F pem) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file{
      checked(std::fopen(to.c_str(), "wx")), &std::fclose};
  checked(pem(file.get()));
}

void write_all(const std::filesystem::path& folder) {
  const auto authority_key = new_key();
  const auto authority = unsigned_certificate(1, authority_key.get());
  auto* const issuer = name_in(authority.get(), "authority.bench");
  checked(X509_set_issuer_name(authority.get(), issuer));
  add_extension(authority.get(), NID_basic_constraints, "critical,CA:TRUE");
  checked(X509_sign(authority.get(), authority_key.get(), EVP_sha256()));

  const auto key = new_key();
  const auto certificate = unsigned_certificate(2, key.get());
  name_in(certificate.get(), peer_name);
  checked(X509_set_issuer_name(certificate.get(), issuer));
  add_extension(certificate.get(), NID_subject_alt_name,
                (std::string{"DNS:"} + peer_name).c_str());
  checked(X509_sign(certificate.get(), authority_key.get(), EVP_sha256()));

  write(folder / "authority.pem",
        [&](FILE* to) { return PEM_write_X509(to, authority.get()); });
  write(folder / "certificate.pem",
        [&](FILE* to) { return PEM_write_X509(to, certificate.get()); });
  write(folder / "key.pem", [&](FILE* to) {
    return PEM_write_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr,
                                nullptr);
  });
}

}  // namespace

throwaway_certificates::throwaway_certificates() {
  auto pattern =
      (std::filesystem::temp_directory_path() / "troupe_bench_XXXXXX").string();
  folder_ = checked(mkdtemp(pattern.data()));
  write_all(folder_);
}

throwaway_certificates::~throwaway_certificates() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

remote::tls_options throwaway_certificates::tls_from(
    const std::filesystem::path& folder) {
  remote::tls_options made;
  made.certificate = folder / "certificate.pem";
  made.key = folder / "key.pem";
  made.authorities = folder / "authority.pem";
  made.peers = {peer_name};
  return made;
}

}  // namespace troupe::bench
