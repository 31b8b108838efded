#pragma once

#include <troupe/store/sqlite.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace troupe::detail {

/// `sqlite` over the VFS of that name, which tests put in the place of the
/// default one, "".
[[nodiscard]] std::shared_ptr<run_store> open_sqlite(
    const std::filesystem::path& file, sqlite_options options,
    const std::string& vfs);

}  // namespace troupe::detail
