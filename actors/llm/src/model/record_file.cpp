#include "model/record_file.hpp"

#include <troupe/error.hpp>
#include <troupe/printable.hpp>

#include <array>
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

struct open_to_read {
  explicit open_to_read(int opened) : file(opened) {}
  open_to_read(const open_to_read&) = delete;
  open_to_read& operator=(const open_to_read&) = delete;
  ~open_to_read() {
    if (file >= 0) close(file);
  }

  int file;
};

}  // namespace

void refuse_recording(const std::filesystem::path& file,
                      std::string_view what) {
  throw error{errc::bad_value, "the recording '" + printable(file.string()) +
                                   "' " + std::string{what}}
      .permanent();
}

record_file::record_file(std::filesystem::path file) : file_(std::move(file)) {
  // Without waiting, should it be a pipe that nobody reads.
  open_ = open(file_.c_str(),
               O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC |
                   O_NONBLOCK | O_NOCTTY,
               S_IRUSR | S_IWUSR);
  if (open_ < 0) refuse_to_write(file_, errno);
  struct stat found {};
  if (fstat(open_, &found) != 0 || !S_ISREG(found.st_mode)) {
    close(std::exchange(open_, -1));
    refuse_recording(file_, "cannot be written: it is not a regular file");
  }
  const bool is_open_to_others = (found.st_mode & (S_IRWXG | S_IRWXO)) != 0;
  if (is_open_to_others && fchmod(open_, S_IRUSR | S_IWUSR) != 0) {
    close(std::exchange(open_, -1));
    refuse_recording(file_,
                     "cannot be written: other users can read it, and this "
                     "user cannot change that; name a new file");
  }
  char last = '\n';
  is_torn_ = found.st_size > 0 &&
             pread(open_, &last, 1, found.st_size - 1) == 1 && last != '\n';
}

record_file::record_file(record_file&& from) noexcept
    : file_(std::move(from.file_)),
      open_(std::exchange(from.open_, -1)),
      is_torn_(from.is_torn_) {}

record_file& record_file::operator=(record_file&& from) noexcept {
  std::swap(file_, from.file_);
  std::swap(open_, from.open_);
  std::swap(is_torn_, from.is_torn_);
  return *this;
}

record_file::~record_file() {
  if (open_ >= 0) close(open_);
}

void record_file::add(std::string_view line) {
  std::string left{is_torn_ ? "\n" : ""};
  left += line;
  left += '\n';
  std::size_t done = 0;
  while (done < left.size()) {
    const auto wrote = write(open_, left.data() + done, left.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) refuse_to_write(file_, errno);
    done += static_cast<std::size_t>(wrote);
    is_torn_ = done < left.size();
  }
}

std::string content_of_recording(const std::filesystem::path& file) {
  const auto refuse = [&file](const std::string& why) {
    refuse_recording(file, "cannot be read: " + why);
  };
  open_to_read in{
      open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
  if (in.file < 0) refuse(std::generic_category().message(errno));
  struct stat found {};
  if (fstat(in.file, &found) != 0 || !S_ISREG(found.st_mode)) {
    refuse("it is not a regular file");
  }
  std::string content;
  std::array<char, 65'536> some;
  for (;;) {
    const auto got = read(in.file, some.data(), some.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(std::generic_category().message(errno));
    if (got <= 0) return content;
    content.append(some.data(), static_cast<std::size_t>(got));
    if (content.size() > recording_max) {
      refuse("it has more than " + std::to_string(recording_max) + " bytes");
    }
  }
}

}  // namespace troupe::llm::detail
