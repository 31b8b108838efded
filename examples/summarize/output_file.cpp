#include "summarize/output_file.hpp"

#include <cerrno>
#include <string>
#include <system_error>
#include <unistd.h>

namespace summarize {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(int code, const fs::path& path) {
  throw std::system_error(code, std::generic_category(),
                          "cannot write " + path.string());
}

}  // namespace

output_file::output_file(const fs::path& path) : target_(path) {
  std::error_code ignored;
  if (fs::is_symlink(path, ignored)) {
    target_ = fs::weakly_canonical(path, ignored);
    if (ignored) fail(ignored.value(), path);
  }
  const fs::file_status status = fs::status(target_, ignored);
  if (fs::is_directory(status)) fail(EISDIR, path);
  const bool replace = fs::is_regular_file(status) || !fs::exists(status);
  if (replace) {
    temporary_ = target_;
    temporary_ += ".part-" + std::to_string(::getpid());
  }
  errno = 0;
  stream_.open(replace ? temporary_ : target_,
               std::ios::binary | std::ios::trunc);
  if (!stream_) {
    temporary_.clear();
    fail(errno != 0 ? errno : EIO, path);
  }
  if (replace && fs::exists(status)) {
    fs::permissions(temporary_, status.permissions(), ignored);
  }
}

output_file::~output_file() {
  if (temporary_.empty()) return;
  stream_.close();
  std::error_code ignored;
  fs::remove(temporary_, ignored);
}

void output_file::commit() {
  errno = 0;
  stream_.close();
  if (!stream_) fail(errno != 0 ? errno : EIO, target_);
  if (temporary_.empty()) return;
  std::error_code failure;
  fs::rename(temporary_, target_, failure);
  if (failure) fail(failure.value(), target_);
  temporary_.clear();
}

}  // namespace summarize
