#include "summarize/text_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace summarize {

namespace {

namespace fs = std::filesystem;

std::string errno_text(int code) {
  return std::generic_category().message(code);
}

/// Closes the descriptor it holds.
class descriptor {
 public:
  explicit descriptor(int value) noexcept : value_(value) {}
  ~descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  [[nodiscard]] int value() const noexcept { return value_; }

 private:
  int value_;
};

loaded_file refused(file_status status, std::string reason,
                    std::uintmax_t bytes = 0) {
  return {status, {}, std::move(reason), bytes};
}

loaded_file refused_open(const fs::path& path, int code) {
  std::error_code ignored;
  const bool link = fs::is_symlink(path, ignored);
  if (code == ENOENT && link) {
    return refused(file_status::unreadable,
                   "links to " + fs::read_symlink(path, ignored).string() +
                       ", which does not exist");
  }
  if (code == ENOENT) {
    return refused(file_status::unreadable,
                   "no longer exists, it was removed after it was listed");
  }
  return refused(file_status::unreadable,
                 "cannot be opened: " + errno_text(code));
}

loaded_file too_large(std::uintmax_t bytes, std::uintmax_t max_bytes) {
  return refused(file_status::too_large,
                 "has " + std::to_string(bytes) + " bytes, the limit is " +
                     std::to_string(max_bytes) + " (see --max-bytes)",
                 bytes);
}

/// Reads to the end, or until one byte more than the limit has been read, and
/// returns 0 or the error number.
int read_bounded(int file, std::uintmax_t max_bytes, std::string& text) {
  constexpr std::size_t step = std::size_t{256} * 1024;
  std::size_t used = 0;
  for (;;) {
    if (text.size() - used < step) text.resize(used + step);
    const auto got = ::read(file, text.data() + used, text.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    used += static_cast<std::size_t>(got);
    if (got == 0 || used > max_bytes) break;
  }
  text.resize(used);
  return 0;
}

bool is_ascii(std::string_view text) noexcept {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

/// Empty if `text` is valid UTF-8, else what is wrong with it and where.
std::string utf8_fault(const std::string& text) {
  if (is_ascii(text)) return {};
  try {
    static_cast<void>(nlohmann::json(text).dump());
    return {};
  } catch (const nlohmann::json::exception& fault) {
    std::string what = fault.what();
    // The message opens with a tag in brackets that means nothing here.
    if (const auto tag = what.find("] "); tag != std::string::npos) {
      what.erase(0, tag + 2);
    }
    return what;
  }
}

/// Walks one directory: sorts its entries into the three groups.
class lister {
 public:
  explicit lister(const fs::path& root) : root_(root) {}

  listing run() {
    folders_.push_back(root_);
    while (!folders_.empty()) {
      const fs::path folder = std::move(folders_.back());
      folders_.pop_back();
      read_folder(folder);
    }
    attach_links();
    const auto by_name = [](const auto& a, const auto& b) {
      return a.name < b.name;
    };
    std::sort(found_.files.begin(), found_.files.end(), by_name);
    std::sort(found_.skipped.begin(), found_.skipped.end(), by_name);
    std::sort(found_.problems.begin(), found_.problems.end(), by_name);
    return std::move(found_);
  }

 private:
  [[nodiscard]] std::string name_of(const fs::path& path) const {
    const fs::path name = path.lexically_relative(root_);
    return name.empty() ? path.generic_string() : name.generic_string();
  }

  void read_folder(const fs::path& folder) {
    std::error_code failure;
    fs::directory_iterator entry(folder, failure);
    while (!failure && entry != fs::directory_iterator()) {
      sort_in(*entry);
      entry.increment(failure);
    }
    if (failure) {
      found_.problems.push_back(
          {name_of(folder), "cannot be listed: " + failure.message()});
    }
  }

  void sort_in(const fs::directory_entry& entry) {
    std::error_code failure;
    const fs::path& path = entry.path();
    const auto type = entry.symlink_status(failure).type();
    if (type == fs::file_type::directory) {
      folders_.push_back(path);
    } else if (type == fs::file_type::regular) {
      found_.files.push_back({name_of(path), path, {}});
    } else if (type == fs::file_type::symlink) {
      sort_in_link(entry);
    } else if (type == fs::file_type::not_found || failure) {
      found_.problems.push_back({name_of(path), "vanished while listing"});
    } else {
      found_.skipped.push_back({name_of(path), "not a regular file"});
    }
  }

  void sort_in_link(const fs::directory_entry& entry) {
    std::error_code failure;
    const auto target = entry.status(failure).type();
    if (target == fs::file_type::directory) {
      found_.skipped.push_back(
          {name_of(entry.path()), "link to a directory, not followed"});
    } else if (failure || target == fs::file_type::regular ||
               target == fs::file_type::not_found) {
      links_.push_back(entry.path());
    } else {
      found_.skipped.push_back(
          {name_of(entry.path()), "link to something not a regular file"});
    }
  }

  void attach_links() {
    std::map<fs::path, std::size_t> known;
    std::error_code failure;
    if (!links_.empty()) {
      // Only links can lead to a file twice, so the usual directory without
      // any is spared the look-ups.
      for (std::size_t i = 0; i < found_.files.size(); ++i) {
        known.emplace(fs::canonical(found_.files[i].path, failure), i);
      }
    }
    std::sort(links_.begin(), links_.end());
    for (const fs::path& link : links_) {
      const fs::path target = fs::canonical(link, failure);
      const auto at = failure ? known.end() : known.find(target);
      if (at != known.end()) {
        found_.files[at->second].links.push_back(name_of(link));
        continue;
      }
      if (!failure) known.emplace(target, found_.files.size());
      found_.files.push_back({name_of(link), link, {}});
    }
  }

  fs::path root_;
  std::vector<fs::path> folders_;
  std::vector<fs::path> links_;
  listing found_;
};

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

listing list_files(const fs::path& root) { return lister(root).run(); }

loaded_file load_file(const fs::path& path, std::uintmax_t max_bytes) {
  // Without O_NONBLOCK, opening a named pipe that took the file's place would
  // wait for its writer.
  const descriptor file(
      ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.value() < 0) return refused_open(path, errno);
  struct stat about {};
  if (::fstat(file.value(), &about) != 0) return refused_open(path, errno);
  if (!S_ISREG(about.st_mode)) {
    return refused(file_status::unreadable, S_ISDIR(about.st_mode)
                                                ? "is a directory"
                                                : "is not a regular file");
  }
  const auto size = static_cast<std::uintmax_t>(about.st_size);
  if (size > max_bytes) return too_large(size, max_bytes);
  std::string text;
  text.resize(static_cast<std::size_t>(size) + 1);
  if (const int code = read_bounded(file.value(), max_bytes, text)) {
    return refused(file_status::unreadable,
                   "cannot be read: " + errno_text(code), size);
  }
  if (text.size() > max_bytes) return too_large(text.size(), max_bytes);
  return classify(std::move(text));
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
    return refused(file_status::empty, "has nothing but white space", size);
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
