#pragma once

#include <troupe/error.hpp>
#include <troupe/http/http_message.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::detail {

/// Texts that no error, log or recording may show: keys, tokens, passwords.
///
/// A peer may repeat them, and not only as they were sent: they are found as
/// they are, escaped as in JSON, percent-encoded, and where a text was cut in
/// the middle of one and ends in "...". A text of less than 8 characters is
/// taken for a word that stands for no secret, as local servers want it.
///
/// Thread safety: immutable. It is confined to one actor or task while it is
/// filled.
class secrets {
 public:
  /// The text in the place of one.
  static constexpr std::string_view instead = "(the key)";

  /// Adds a text, and what follows a scheme in it, as "Bearer".
  void add(std::string_view text);
  /// Adds the content of each header, unless its name says that it is not
  /// secret, as "content-type".
  void add(const std::vector<http_header>& headers);
  /// Adds the user part of an address, before '@', and the values of names such
  /// as "key" and "token" in its query.
  void add_url(std::string_view url);

  [[nodiscard]] bool empty() const noexcept { return known_.empty(); }
  /// Returns whether `text` holds one.
  [[nodiscard]] bool are_in(std::string_view text) const;

  [[nodiscard]] std::string without(std::string text) const;
  /// The same with the sizes of the parts in which the text came; they are
  /// those of the result afterwards.
  [[nodiscard]] std::string without(std::string text,
                                    std::vector<std::size_t>& parts) const;
  [[nodiscard]] error without(error why) const;
  /// The number of last bytes of `text` that may be the beginning of one.
  [[nodiscard]] std::size_t begun_at_end_of(std::string_view text) const;

 private:
  struct span {
    std::size_t begin;
    std::size_t end;
  };

  void add_one(std::string_view text);
  [[nodiscard]] std::vector<span> found_in(std::string_view text) const;

  /// The longest first.
  std::vector<std::string> known_;
};

/// The same error with `place` in its text, an address as below or what was
/// asked of one, where it tells of an exchange and does not name the server.
[[nodiscard]] error with_place(error why, std::string_view place);

/// Returns an address as an error may show it: without its user part and its
/// query, cut.
[[nodiscard]] std::string shown_url(std::string_view url);

}  // namespace troupe::detail
