#include "summarize/files/output_file.hpp"

#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <random>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>

namespace summarize {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t random_digits = 16;
/// Leaves room for the ending, as a name may have 255 bytes.
constexpr std::size_t name_bytes_kept = 200;
constexpr mode_t permission_bits = 0777;

[[noreturn]] void fail(int code, const fs::path& path) {
  throw std::system_error(code, std::generic_category(),
                          "cannot write " + path.string());
}

std::string prefix_of(const std::string& name) {
  return name.substr(0, name_bytes_kept) + ".part-";
}

std::string random_ending() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device source;
  std::uniform_int_distribution<std::size_t> digit(0, digits.size() - 1);
  std::string ending;
  while (ending.size() < random_digits) ending += digits[digit(source)];
  return ending;
}

bool is_temporary(std::string_view name, std::string_view prefix) {
  return name.size() == prefix.size() + random_digits &&
         name.starts_with(prefix) &&
         name.find_first_not_of("0123456789abcdef", prefix.size()) ==
             std::string_view::npos;
}

struct place {
  fs::path folder;
  std::string name;
};

place place_of(const fs::path& path) {
  const fs::path folder = path.parent_path();
  return {folder.empty() ? fs::path(".") : folder, path.filename().string()};
}

descriptor open_folder(const fs::path& folder) {
  return descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Returns whether a link there may be one that another user has set as a trap.
bool is_link_of_stranger(const fs::path& path) {
  struct stat link {};
  struct stat folder {};
  if (::lstat(path.c_str(), &link) != 0 ||
      ::stat(place_of(path).folder.c_str(), &folder) != 0) {
    return false;
  }
  const bool is_open_to_all =
      (folder.st_mode & S_ISVTX) != 0 && (folder.st_mode & S_IWOTH) != 0;
  return is_open_to_all && link.st_uid != ::geteuid() &&
         link.st_uid != folder.st_uid;
}

/// Returns the target of `path`, if it is a link, else `path` itself. Nothing
/// need be there yet. Sets `fault` to an error number, or to 0.
fs::path target_of(fs::path path, int& fault) {
  constexpr int links_max = 40;
  std::error_code failure;
  fault = 0;
  for (int links = 0; fs::is_symlink(path, failure); ++links) {
    if (links == links_max) fault = ELOOP;
    if (is_link_of_stranger(path)) fault = EACCES;
    const fs::path next = fs::read_symlink(path, failure);
    if (failure) fault = failure.value();
    if (fault != 0) return path;
    path = place_of(path).folder / next;
  }
  return path;
}

/// Writes all of `text`, and returns 0 or the error number.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// Removes `name` if it is a leftover. Who writes to such a file locks it.
void remove_if_left(int folder, const char* name) {
  const descriptor file(::openat(
      folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat about {};
  if (!file.is_open() || ::fstat(file.value(), &about) != 0) return;
  const bool is_ours = S_ISREG(about.st_mode) && about.st_uid == ::geteuid() &&
                       about.st_nlink == 1;
  if (is_ours && ::flock(file.value(), LOCK_EX | LOCK_NB) == 0) {
    ::unlinkat(folder, name, 0);
  }
}

}  // namespace

output_file::output_file(const fs::path& path) : path_(path) {
  struct stat about {};
  const bool exists = ::stat(path.c_str(), &about) == 0;
  if (exists && S_ISDIR(about.st_mode)) fail(EISDIR, path);
  if (!exists || S_ISREG(about.st_mode)) {
    int fault = 0;
    const fs::path target = target_of(path, fault);
    if (fault != 0) fail(fault, path);
    open_beside(target);
  } else {
    open_directly();
  }
  if (!file_.is_open()) fail(errno, path);
}

// Without waiting for a program that reads from a pipe, as that may never come,
// and signals do not end a wait for it.
void output_file::open_directly() {
  file_ = descriptor(::open(
      path_.c_str(), O_WRONLY | O_TRUNC | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!file_.is_open() && errno == ENXIO) {
    throw std::system_error(
        errno, std::generic_category(),
        "cannot write " + path_.string() + ": no program reads from it");
  }
  if (!file_.is_open()) return;
  const int flags = ::fcntl(file_.value(), F_GETFL);
  ::fcntl(file_.value(), F_SETFL, flags & ~O_NONBLOCK);
}

void output_file::open_beside(const fs::path& target) {
  const place at = place_of(target);
  if (at.name.empty()) fail(EISDIR, path_);
  name_ = at.name;
  folder_ = open_folder(at.folder);
  if (!folder_.is_open()) fail(errno, path_);
  struct stat old {};
  const bool replaces =
      ::fstatat(folder_.value(), name_.c_str(), &old, AT_SYMLINK_NOFOLLOW) == 0;
  if (!replaces && errno != ENOENT) fail(errno, path_);
  const mode_t mode = replaces ? old.st_mode & permission_bits : 0666;
  constexpr int tries_max = 100;
  for (int tries = 0; tries < tries_max; ++tries) {
    std::string name = prefix_of(name_) + random_ending();
    descriptor file(
        ::openat(folder_.value(), name.c_str(),
                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file.is_open() && errno == EEXIST) continue;
    if (!file.is_open()) return;
    // Another process may take it for a leftover until it is locked. Where
    // there are no locks, no process takes it for one.
    struct stat made {};
    ::flock(file.value(), LOCK_EX);
    if (::fstat(file.value(), &made) == 0 && made.st_nlink == 0) continue;
    temporary_ = std::move(name);
    if (replaces) ::fchmod(file.value(), mode);
    file_ = std::move(file);
    return;
  }
  errno = EEXIST;
}

output_file::~output_file() {
  if (!temporary_.empty()) {
    ::unlinkat(folder_.value(), temporary_.c_str(), 0);
  }
}

void output_file::commit() {
  const std::string text = std::move(stream_).str();
  if (const int code = write_all(file_.value(), text)) fail(code, path_);
  if (temporary_.empty()) {
    if (::close(file_.release()) != 0) fail(errno, path_);
    return;
  }
  // Some file systems have no fsync.
  if (::fsync(file_.value()) != 0 && errno != EINVAL) fail(errno, path_);
  if (::renameat(folder_.value(), temporary_.c_str(), folder_.value(),
                 name_.c_str()) != 0) {
    fail(errno, path_);
  }
  temporary_.clear();
  ::fsync(folder_.value());
  if (::close(file_.release()) != 0) fail(errno, path_);
}

void remove_leftovers(const fs::path& path) {
  int fault = 0;
  const place at = place_of(target_of(path, fault));
  descriptor folder = open_folder(at.folder);
  if (fault != 0 || !folder.is_open() || at.name.empty()) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(folder.value()),
                                                    ::closedir);
  if (!entries) return;
  const int opened = folder.release();
  const std::string prefix = prefix_of(at.name);
  while (const dirent* entry = ::readdir(entries.get())) {
    if (is_temporary(entry->d_name, prefix)) {
      remove_if_left(opened, entry->d_name);
    }
  }
}

}  // namespace summarize
