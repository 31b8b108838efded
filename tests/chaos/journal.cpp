#include "journal.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace chaos {

journal::journal(const std::string& path)
    : file_(
          open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (file_ < 0) throw std::system_error{errno, std::generic_category(), path};
}

journal::~journal() { close(file_); }

void journal::write(std::string_view what, const piece& of) const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  const auto line =
      std::string{what} + ' ' + std::to_string(of.run) + ' ' + of.name + ' ' +
      std::to_string(std::chrono::nanoseconds{now}.count()) + '\n';
  if (::write(file_, line.data(), line.size()) !=
      static_cast<ssize_t>(line.size())) {
    throw std::system_error{errno, std::generic_category(), "the journal"};
  }
}

noted::noted(journal_ptr where, piece of)
    : where_(std::move(where)), of_(std::move(of)) {
  if (where_) where_->write("begun", of_);
}

noted::~noted() {
  if (where_) where_->write("dropped", of_);
}

void noted::end() {
  if (where_) std::exchange(where_, nullptr)->write("ended", of_);
}

}  // namespace chaos
