#include "value_hash.hpp"

#include "troupe/error.hpp"

#include <algorithm>
#include <array>
#include <openssl/evp.h>

namespace troupe::detail {

namespace {

constexpr std::size_t hash_bytes = 32;
constexpr std::string_view hex_digits = "0123456789abcdef";

}  // namespace

std::string hash_of(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length,
                 EVP_sha256(), nullptr) != 1 ||
      length != hash_bytes) {
    throw error{errc::store_failed,
                "cannot compute a SHA-256: OpenSSL does not offer it"};
  }
  std::string text;
  text.reserve(2 * hash_bytes);
  for (std::size_t i = 0; i < hash_bytes; ++i) {
    text += hex_digits[digest.at(i) >> 4];
    text += hex_digits[digest.at(i) & 0xf];
  }
  return text;
}

bool is_hash(std::string_view text) noexcept {
  return text.size() == 2 * hash_bytes &&
         std::all_of(text.begin(), text.end(), [](char each) {
           return hex_digits.find(each) != hex_digits.npos;
         });
}

}  // namespace troupe::detail
