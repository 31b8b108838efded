#include "summarize/files/directory.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>

namespace summarize {

namespace {

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
/// Enough to open what is below, also without the permission to list.
constexpr int way_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

opened open_at(int folder, const std::string& name, int flags) {
  opened result;
  result.file = descriptor(::openat(folder, name.c_str(), flags));
  if (!result.file.is_open()) result.fault = errno;
  return result;
}

}  // namespace

open_directory::open_directory(const std::filesystem::path& path)
    : folder_(::open(path.c_str(), folder_flags)) {
  if (!folder_.is_open()) fault_ = errno;
}

opened open_directory::open_below(std::string_view name, int flags) const {
  if (fault_ != 0) return {{}, fault_};
  flags |= O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  if (name.empty()) return open_at(folder_.value(), ".", flags);
  opened way;
  int folder = folder_.value();
  for (;;) {
    const std::size_t end = std::min(name.find('/'), name.size());
    const std::string part(name.substr(0, end));
    if (part == "..") return {{}, EINVAL};
    if (end == name.size()) return open_at(folder, part, flags);
    name.remove_prefix(end + 1);
    if (part.empty() || part == ".") continue;
    opened next = open_at(folder, part, way_flags);
    if (next.fault != 0) return next;
    way = std::move(next);
    folder = way.file.value();
  }
}

}  // namespace summarize
