#pragma once

#include <troupe/remote/network.hpp>

#include <filesystem>

namespace troupe::bench {

/// A certificate, its key, and an authority that is trusted, made for one run
/// of the program and deleted with this.
class throwaway_certificates {
 public:
  /// Errors: throws `std::runtime_error`.
  throwaway_certificates();
  throwaway_certificates(const throwaway_certificates&) = delete;
  throwaway_certificates& operator=(const throwaway_certificates&) = delete;
  ~throwaway_certificates();

  [[nodiscard]] const std::filesystem::path& folder() const noexcept {
    return folder_;
  }
  /// Mutual TLS with what is in such a folder.
  [[nodiscard]] static remote::tls_options tls_from(
      const std::filesystem::path& folder);

 private:
  std::filesystem::path folder_;
};

}  // namespace troupe::bench
