#pragma once

#include <troupe/error.hpp>

#include <SQLiteCpp/Exception.h>
#include <string>
#include <string_view>

namespace troupe::detail {

/// An error about the store at `path`: "the store 'p' cannot be used: why".
[[nodiscard]] error store_error(std::string_view path, std::string_view why);
/// The same for what SQLite said, with what to do.
[[nodiscard]] error store_error(std::string_view path,
                                const SQLite::Exception& why);

/// True if nothing may be written by that connection any more: what is on the
/// disk is not known.
[[nodiscard]] bool spoils_connection(const SQLite::Exception& why) noexcept;
/// True if the next transaction would fail as well.
[[nodiscard]] bool concerns_all(const SQLite::Exception& why) noexcept;

}  // namespace troupe::detail
