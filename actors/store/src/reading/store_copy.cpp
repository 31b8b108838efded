#include "file/owner_file.hpp"
#include "file/schema.hpp"
#include "file/store_error.hpp"
#include "file/store_place.hpp"
#include "reading/sqlite_reader.hpp"

#include <troupe/store/store_file.hpp>

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe {

namespace {

/// Makes a new, empty file that nobody else may read.
void make_private_file(const std::string& path) {
  const int file =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    throw detail::store_error(path, std::string{"cannot be made: "} +
                                        std::strerror(errno) +
                                        "; name a new file in a directory that "
                                        "can be written");
  }
  ::fchmod(file, 0600);
  ::close(file);
}

/// So that a loss of power does not take back what was said to be there.
void sync_file(const std::string& path) {
  for (const auto& each :
       {path, std::filesystem::path{path}.parent_path().string()}) {
    const int file = ::open(each.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_synced = file >= 0 && ::fsync(file) == 0;
    const std::string why = is_synced ? "" : std::strerror(errno);
    if (file >= 0) ::close(file);
    if (is_synced) continue;
    throw detail::store_error(path, "could not be synced: " + why +
                                        "; do not use it, and check the disk");
  }
}

std::uint64_t file_size(const std::string& path) noexcept {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return 0;
  return static_cast<std::uint64_t>(found.st_size);
}

}  // namespace

void backup_store(const std::filesystem::path& file,
                  const std::filesystem::path& to) {
  const auto from = detail::store_path(file);
  const auto path = detail::store_path(to);
  detail::sqlite_reader reader{from, {}};
  make_private_file(path);
  try {
    auto& in = reader.connection();
    // The copy is another file; nothing is written to the store.
    in.run("PRAGMA query_only=OFF");
    detail::query{in, "VACUUM INTO ?", path}.run();
    sync_file(path);
  } catch (const SQLite::Exception& why) {
    ::unlink(path.c_str());
    throw detail::store_error(from, why);
  } catch (const error&) {
    ::unlink(path.c_str());
    throw;
  }
}

std::unique_ptr<store_reader> read_store(const std::filesystem::path& file) {
  return std::make_unique<detail::sqlite_reader>(detail::store_path(file),
                                                 std::string{});
}

store_info read_store_info(const std::filesystem::path& file) {
  store_info info;
  info.path = detail::store_path(file);
  info.owner = detail::find_owner(info.path);
  detail::sqlite_reader reader{info.path, {}};
  info.runs = reader.counts();
  auto& in = reader.connection();
  const auto count = [&in](const char* sql) {
    return static_cast<std::uint64_t>(in.number(sql));
  };
  try {
    info.id = detail::read_meta(in, "id");
    const auto openings = detail::read_meta(in, "openings");
    std::from_chars(openings.data(), openings.data() + openings.size(),
                    info.openings);
    info.schema_version = in.number("PRAGMA user_version");
    info.sqlite_version = sqlite3_libversion();
    info.file_bytes = file_size(info.path);
    info.wal_bytes = file_size(info.path + "-wal");
    info.free_bytes =
        count("PRAGMA freelist_count") * count("PRAGMA page_size");
    info.entries = count("SELECT count(*) FROM log");
    info.parts = count("SELECT count(*) FROM parts");
    info.part_bytes = count("SELECT sum(length(bytes)) FROM parts");
    info.purged = count("SELECT count(*) FROM purged");
  } catch (const SQLite::Exception& why) {
    throw detail::store_error(info.path, why);
  }
  return info;
}

}  // namespace troupe
