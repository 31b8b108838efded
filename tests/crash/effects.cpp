#include "effects.hpp"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace crash {

effects::effects(const std::string& path)
    : file_(
          open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {
  if (file_ < 0) throw std::system_error{errno, std::generic_category(), path};
}

effects::~effects() { close(file_); }

void effects::write(std::string_view what, const std::string& key) const {
  const auto line = std::string{what} + ' ' + key + '\n';
  if (::write(file_, line.data(), line.size()) !=
      static_cast<ssize_t>(line.size())) {
    throw std::system_error{errno, std::generic_category(), "the effects"};
  }
}

}  // namespace crash
