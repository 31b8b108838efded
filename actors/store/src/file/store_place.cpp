#include "file/store_place.hpp"

#include "file/store_error.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <utility>

namespace troupe::detail {

namespace fs = std::filesystem;

namespace {

constexpr mode_t file_mode = 0600;

std::string reason() { return std::strerror(errno); }

void make_private(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return;
  if ((found.st_mode & 07777) == file_mode) return;
  if (::chmod(path.c_str(), file_mode) != 0) {
    throw store_error(path,
                      "has a mode other than 0600, which cannot be "
                      "changed: " +
                          reason() + "; own the file");
  }
}

void refuse_read_only(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return;
  // The permissions of root say nothing of the intent.
  if ((found.st_mode & 0222) == 0 || ::access(path.c_str(), W_OK) != 0) {
    throw store_error(path,
                      "is read-only; make it writable, or read it with "
                      "'troupe --store'");
  }
}

}  // namespace

std::string store_path(const fs::path& file) {
  if (file.empty() || file.filename().empty()) {
    throw store_error(file.string(), "has no file name; name a file");
  }
  std::error_code failed;
  const auto absolute = fs::absolute(file, failed);
  const auto parent = fs::canonical(absolute.parent_path(), failed);
  if (failed) {
    throw store_error(
        file.string(),
        "lies in the directory '" + absolute.parent_path().string() +
            "', which cannot be entered: " + failed.message() + "; make it");
  }
  auto path = parent / absolute.filename();
  if (fs::exists(path, failed)) path = fs::canonical(path, failed);
  if (failed) {
    throw store_error(path.string(),
                      "cannot be looked at: " + failed.message());
  }
  if (fs::exists(path, failed) && !fs::is_regular_file(path, failed)) {
    throw store_error(path.string(), "is not a file; name a file");
  }
  return path.string();
}

void prepare_files(const std::string& path) {
  const int made =
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
             file_mode);
  if (made >= 0) {
    ::close(made);
  } else if (errno != EEXIST) {
    throw store_error(path, "cannot be made: " + reason() +
                                "; change the mode of its directory, or name "
                                "another file");
  } else {
    refuse_read_only(path);
  }
  // SQLite gives its other files the mode of this one.
  for (const auto* end : {"", "-wal", "-shm"}) make_private(path + end);
}

std::string_view network_file_system(std::int64_t type) noexcept {
  constexpr std::array<std::pair<std::uint32_t, std::string_view>, 16> known{{
      {0x6969U, "NFS"},
      {0x517BU, "SMB"},
      {0xFF534D42U, "CIFS"},
      {0xFE534D42U, "SMB2"},
      {0x65735546U, "FUSE"},
      {0x01021997U, "9P"},
      {0x00C36400U, "Ceph"},
      {0x5346414FU, "AFS"},
      {0x6B414653U, "AFS"},
      {0x73757245U, "Coda"},
      {0x564CU, "NCP"},
      {0x7461636FU, "OCFS2"},
      {0x01161970U, "GFS2"},
      {0x0BD00BD0U, "Lustre"},
      {0x19830326U, "BeeGFS"},
      {0x786F4256U, "VirtualBox"},
  }};
  const auto number = static_cast<std::uint32_t>(type);
  for (const auto& [magic, name] : known) {
    if (number == magic) return name;
  }
  return {};
}

void refuse_network_files(const std::string& path, network_files choice) {
  if (choice == network_files::allowed) return;
  struct statfs found {};
  const auto parent = fs::path{path}.parent_path().string();
  if (::statfs(parent.c_str(), &found) != 0) return;
  const auto name =
      network_file_system(static_cast<std::int64_t>(found.f_type));
  if (name.empty()) return;
  throw store_error(path, "lies in a file system of the kind " +
                              std::string{name} +
                              ", whose locks cannot be relied on; move it to a "
                              "local disk, or set "
                              "sqlite_options::network");
}

file_number number_of(const std::string& path) noexcept {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {static_cast<std::uint64_t>(found.st_dev),
          static_cast<std::uint64_t>(found.st_ino)};
}

}  // namespace troupe::detail
