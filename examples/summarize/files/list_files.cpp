#include "summarize/files/text_file.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <set>
#include <sys/stat.h>
#include <system_error>
#include <utility>

namespace summarize {

namespace {

namespace fs = std::filesystem;

/// As the system has it for the paths that it is given.
constexpr std::size_t name_bytes_max = 4095;

std::string reason_of(const char* what, int code) {
  return what + (": " + std::generic_category().message(code));
}

/// Walks one directory: sorts its entries into the three groups.
class lister {
 public:
  lister(const fs::path& root, outside_links outside)
      : root_(root),
        outside_(outside),
        within_(std::make_shared<const open_directory>(root)) {
    std::error_code failure;
    real_root_ = fs::canonical(root, failure);
  }

  listing run() {
    folders_.push_back({"", root_, true});
    while (!folders_.empty() || !linked_folders_.empty()) {
      // Entries below the root itself are named after that, not after a link.
      auto& from = folders_.empty() ? linked_folders_ : folders_;
      const folder next = std::move(from.back());
      from.pop_back();
      read_folder(next);
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
  struct folder {
    std::string name;  // empty for the root
    fs::path path;
    bool is_within;

    [[nodiscard]] std::string name_of(const char* entry) const {
      return name.empty() ? entry : name + "/" + entry;
    }
  };

  struct link {
    std::string name;
    fs::path target;
    std::uintmax_t bytes;
  };

  [[nodiscard]] opened open_folder(const folder& at) const {
    if (at.is_within) return within_->open_below(at.name, flags);
    opened result;
    result.file = descriptor(::open(at.path.c_str(), flags));
    if (!result.file.is_open()) result.fault = errno;
    return result;
  }

  void read_folder(const folder& at) {
    opened list = open_folder(at);
    if (list.fault != 0) return add_problem(at, list.fault);
    struct stat about {};
    if (::fstat(list.file.value(), &about) == 0 &&
        !read_.emplace(about.st_dev, about.st_ino).second) {
      found_.skipped.push_back(
          {at.name, "the same directory has been listed under another name"});
      return;
    }
    DIR* opened_list = ::fdopendir(list.file.value());
    if (opened_list == nullptr) return add_problem(at, errno);
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(opened_list, ::closedir);
    const int file = list.file.release();
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(entries.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") sort_in(at, file, entry->d_name);
    }
    if (errno != 0) add_problem(at, errno);
  }

  void add_problem(const folder& at, int code) {
    found_.problems.push_back(
        {at.name.empty() ? "." : at.name, reason_of("cannot be listed", code)});
  }

  void sort_in(const folder& at, int file, const char* entry) {
    std::string name = at.name_of(entry);
    struct stat about {};
    if (name.size() > name_bytes_max) {
      found_.problems.push_back(
          {std::move(name), reason_of("cannot be opened", ENAMETOOLONG)});
    } else if (::fstatat(file, entry, &about, AT_SYMLINK_NOFOLLOW) != 0) {
      const int code = errno;
      found_.problems.push_back(
          {std::move(name), code == ENOENT
                                ? "vanished while listing"
                                : reason_of("cannot be examined", code)});
    } else if (S_ISDIR(about.st_mode)) {
      folders_.push_back({std::move(name), at.path / entry, at.is_within});
    } else if (S_ISREG(about.st_mode)) {
      add_file(at, std::move(name), entry, about);
    } else if (S_ISLNK(about.st_mode)) {
      sort_in_link(at, std::move(name), entry, about);
    } else {
      found_.skipped.push_back({std::move(name), "not a regular file"});
    }
  }

  void add_file(const folder& at, std::string name, const char* entry,
                const struct stat& about) {
    listed_file file;
    file.name = name;
    file.path = at.path / entry;
    file.bytes = static_cast<std::uintmax_t>(about.st_size);
    if (at.is_within) {
      file.within = within_;
      file.place = std::move(name);
    }
    found_.files.push_back(std::move(file));
  }

  void sort_in_link(const folder& at, std::string name, const char* entry,
                    const struct stat& about) {
    std::error_code failure;
    const fs::path target = fs::canonical(at.path / entry, failure);
    struct stat there {};
    // A file that cannot be reached is listed: reading it gives the reason.
    if (failure || ::stat(target.c_str(), &there) != 0) {
      return add_file(at, std::move(name), entry, about);
    }
    const bool is_folder = S_ISDIR(there.st_mode);
    if (!is_folder && !S_ISREG(there.st_mode)) {
      found_.skipped.push_back(
          {std::move(name), "link to something that is not a regular file"});
    } else if (is_folder && is_inside(target)) {
      found_.skipped.push_back(
          {std::move(name), "link to a directory, not followed"});
    } else if (!is_inside(target) && outside_ == outside_links::passed_over) {
      found_.skipped.push_back(
          {std::move(name), "leads out of the directory, to " +
                                target.string() +
                                "; --follow-links follows such links"});
    } else if (is_folder) {
      linked_folders_.push_back({std::move(name), target, false});
    } else {
      links_.push_back({std::move(name), target,
                        static_cast<std::uintmax_t>(there.st_size)});
    }
  }

  /// Returns whether something real is under the root.
  [[nodiscard]] bool is_inside(const fs::path& real) const {
    return !real_root_.empty() && !below_root(real).empty();
  }

  /// The name of something real relative to the root, "." for the root, or
  /// nothing.
  [[nodiscard]] std::string below_root(const fs::path& real) const {
    const std::string& root = real_root_.native();
    const std::string& name = real.native();
    if (name == root) return ".";
    if (!name.starts_with(root)) return {};
    if (root.ends_with('/')) return name.substr(root.size());
    return name[root.size()] == '/' ? name.substr(root.size() + 1) : "";
  }

  void attach_links() {
    std::map<fs::path, std::size_t> known;
    if (!links_.empty()) {
      // Only links can lead to a file twice, so the usual directory without
      // any is spared the look-ups.
      for (std::size_t i = 0; i < found_.files.size(); ++i) {
        const listed_file& file = found_.files[i];
        known.emplace(file.within ? real_root_ / file.place : file.path, i);
      }
    }
    std::sort(links_.begin(), links_.end(),
              [](const link& a, const link& b) { return a.name < b.name; });
    for (const link& each : links_) {
      const auto [at, is_new] = known.emplace(each.target, found_.files.size());
      if (!is_new) {
        found_.files[at->second].links.push_back(each.name);
        continue;
      }
      listed_file file;
      file.name = each.name;
      file.path = each.target;
      file.bytes = each.bytes;
      file.place = below_root(each.target);
      if (!file.place.empty()) file.within = within_;
      found_.files.push_back(std::move(file));
    }
  }

  static constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

  fs::path root_;
  fs::path real_root_;
  outside_links outside_;
  std::shared_ptr<const open_directory> within_;
  std::vector<folder> folders_;
  std::vector<folder> linked_folders_;
  std::set<std::pair<dev_t, ino_t>> read_;
  std::vector<link> links_;
  listing found_;
};

}  // namespace

listing list_files(const fs::path& root, outside_links outside) {
  return lister(root, outside).run();
}

}  // namespace summarize
