#include "summarize/files/text_file.hpp"

#include <troupe/printable.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace summarize {

namespace {

namespace fs = std::filesystem;

std::string errno_text(int code) {
  return std::generic_category().message(code);
}

loaded_file refused(file_status status, std::string reason,
                    std::uintmax_t bytes = 0) {
  return {status, {}, std::move(reason), bytes};
}

/// Returns the fault of a link, or of its target.
std::string link_fault(const fs::path& path) {
  std::error_code fault;
  const std::string target = fs::read_symlink(path, fault).string();
  struct stat about {};
  if (::stat(path.c_str(), &about) == 0) {
    return "is a link that was made or mended after it was listed";
  }
  if (errno == ENOENT) return "links to " + target + ", which does not exist";
  return "cannot be opened: " + errno_text(errno);
}

loaded_file refused_open(const fs::path& path, int code) {
  std::error_code ignored;
  std::string reason = "cannot be opened: " + errno_text(code);
  const bool may_be_link = code == ENOENT || code == ELOOP || code == ENOTDIR;
  if (may_be_link && fs::is_symlink(path, ignored)) {
    reason = link_fault(path);
  } else if (code == ENOENT) {
    reason = "no longer exists, it was removed after it was listed";
  }
  return refused(file_status::unreadable, std::move(reason));
}

loaded_file too_large(std::uintmax_t bytes, std::uintmax_t max_bytes) {
  return refused(file_status::too_large,
                 "has " + std::to_string(bytes) + " bytes, the limit is " +
                     std::to_string(max_bytes) + " (see --max-bytes)",
                 bytes);
}

/// Reads to the end, or until one byte more than the limit has been read, and
/// returns 0 or the error number. `text` is as long as the text probably is.
int read_bounded(int file, std::uintmax_t max_bytes, std::string& text) {
  constexpr std::size_t least = std::size_t{4} * 1024;
  std::size_t used = 0;
  for (;;) {
    if (used == text.size()) text.resize(std::max(least, 2 * text.size()));
    const auto got = ::read(file, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    used += static_cast<std::size_t>(got);
    if (got == 0 || used > max_bytes) break;
  }
  text.resize(used);
  if (text.capacity() > 2 * used) text.shrink_to_fit();
  return 0;
}

/// Empty if `text` is valid UTF-8, else what is wrong with it and where.
std::string utf8_fault(std::string_view text) {
  if (troupe::is_utf8(text)) return {};
  const std::string mended = troupe::as_utf8(text);
  const auto [at, other] =
      std::mismatch(text.begin(), text.end(), mended.begin(), mended.end());
  return "invalid byte at index " + std::to_string(at - text.begin());
}

loaded_file load_opened(const opened& file, const fs::path& path,
                        std::uintmax_t max_bytes) {
  if (file.fault != 0) return refused_open(path, file.fault);
  struct stat about {};
  if (::fstat(file.file.value(), &about) != 0) {
    return refused_open(path, errno);
  }
  if (!S_ISREG(about.st_mode)) {
    return refused(file_status::unreadable, S_ISDIR(about.st_mode)
                                                ? "is a directory"
                                                : "is not a regular file");
  }
  const auto size = static_cast<std::uintmax_t>(about.st_size);
  if (size > max_bytes) return too_large(size, max_bytes);
  std::string text;
  // The end is found by reading a byte more.
  if (size > 0) text.resize(static_cast<std::size_t>(size) + 1);
  if (const int code = read_bounded(file.file.value(), max_bytes, text)) {
    return refused(file_status::unreadable,
                   "cannot be read: " + errno_text(code), size);
  }
  if (text.size() > max_bytes) return too_large(text.size(), max_bytes);
  return classify(std::move(text));
}

}  // namespace

std::string_view to_string(file_status status) noexcept {
  switch (status) {
    case file_status::ok:
      return "ok";
    case file_status::empty:
      return "empty";
    case file_status::binary:
      return "binary";
    case file_status::too_large:
      return "too_large";
    case file_status::unreadable:
      return "unreadable";
  }
  return "unreadable";
}

loaded_file load_file(const fs::path& path, std::uintmax_t max_bytes) {
  // Without O_NONBLOCK, opening a named pipe that took the file's place would
  // wait for its writer.
  opened file;
  file.file = descriptor(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.file.is_open()) file.fault = errno;
  return load_opened(file, path, max_bytes);
}

loaded_file load_file(const listed_file& file, std::uintmax_t max_bytes) {
  if (!file.within) return load_file(file.path, max_bytes);
  return load_opened(file.within->open_below(file.place, O_RDONLY), file.path,
                     max_bytes);
}

loaded_file classify(std::string bytes) {
  const std::uintmax_t size = bytes.size();
  if (bytes.empty()) return refused(file_status::empty, "is empty");
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    return refused(file_status::binary,
                   "is UTF-16, not UTF-8; convert it with iconv first", size);
  }
  if (const auto at = bytes.find('\0'); at != std::string::npos) {
    return refused(file_status::binary,
                   "is not text: NUL byte at index " + std::to_string(at),
                   size);
  }
  if (const std::string fault = utf8_fault(bytes); !fault.empty()) {
    return refused(file_status::binary,
                   "is not UTF-8 text: " + fault +
                       "; if it is text, convert it with iconv first",
                   size);
  }
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.erase(0, 3);
  if (bytes.find_first_not_of(" \t\r\n\f\v") == std::string::npos) {
    return refused(file_status::empty, "contains only white space", size);
  }
  return {file_status::ok, std::move(bytes), {}, size};
}

std::size_t count_words(std::string_view text) noexcept {
  std::size_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    words += static_cast<std::size_t>(!space && !inside);
    inside = !space;
  }
  return words;
}

}  // namespace summarize
