#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace crash {

/// The effects that nodes have on the outside: lines of a file that outlives
/// every process, each written by one call.
///
/// Thread safety: internally synchronised.
class effects {
 public:
  /// Errors: throws `std::system_error`.
  explicit effects(const std::string& path);
  effects(const effects&) = delete;
  effects& operator=(const effects&) = delete;
  ~effects();

  /// Appends the line "`what` `key`".
  void write(std::string_view what, const std::string& key) const;

 private:
  int file_;
};
using effects_ptr = std::shared_ptr<const effects>;

}  // namespace crash
