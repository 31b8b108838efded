#include "record_file.hpp"

#include <troupe/error.hpp>
#include <troupe/printable.hpp>

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace troupe::llm::detail {

namespace {

[[noreturn]] void refuse_to_write(const std::filesystem::path& file, int why) {
  const std::string reason = why == ELOOP
                                 ? std::string{"it is a symbolic link"}
                                 : std::generic_category().message(why);
  refuse_recording(file, "cannot be written: " + reason);
}

}  // namespace

void refuse_recording(const std::filesystem::path& file,
                      std::string_view what) {
  throw error{errc::bad_value, "the recording '" + printable(file.string()) +
                                   "' " + std::string{what}}
      .permanent();
}

record_file::record_file(std::filesystem::path file) : file_(std::move(file)) {
  // Without waiting, should it be a pipe that nobody reads.
  open_ =
      open(file_.c_str(),
           O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
           S_IRUSR | S_IWUSR);
  if (open_ < 0) refuse_to_write(file_, errno);
  struct stat found {};
  if (fstat(open_, &found) == 0 && S_ISREG(found.st_mode)) return;
  close(std::exchange(open_, -1));
  refuse_recording(file_, "cannot be written: it is no regular file");
}

record_file::record_file(record_file&& from) noexcept
    : file_(std::move(from.file_)), open_(std::exchange(from.open_, -1)) {}

record_file& record_file::operator=(record_file&& from) noexcept {
  std::swap(file_, from.file_);
  std::swap(open_, from.open_);
  return *this;
}

record_file::~record_file() {
  if (open_ >= 0) close(open_);
}

void record_file::add(std::string_view line) {
  std::string left{line};
  left += '\n';
  std::size_t done = 0;
  while (done < left.size()) {
    const auto wrote = write(open_, left.data() + done, left.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) refuse_to_write(file_, errno);
    done += static_cast<std::size_t>(wrote);
  }
}

}  // namespace troupe::llm::detail
