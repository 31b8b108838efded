#pragma once

// Shared by the examples of durable runs: processes that are killed.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <iostream>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace lives {

/// A folder of its own, removed at the end.
///
/// Thread safety: confined to one thread.
class folder {
 public:
  explicit folder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              (name + "." + std::to_string(::getpid()))) {
    std::filesystem::create_directory(path_);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept {
    return path_;
  }

 private:
  std::filesystem::path path_;
};

/// Calls `work` in a process of its own, and returns how that ended.
/// Call it while this process has one thread.
template <class Work>
std::string in_a_process(const Work& work) {
  std::cout.flush();
  const auto child = ::fork();
  if (child == 0) {
    int status = 0;
    try {
      work();
    } catch (const std::exception& why) {
      std::cerr << why.what() << "\n";
      status = 1;
    }
    std::cout.flush();
    std::_Exit(status);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) return "killed";
  return WEXITSTATUS(status) == 0 ? "ended" : "failed";
}

/// Kills this process the first time that it comes to `mark`.
inline void die_once(const std::filesystem::path& mark) {
  const int file = ::open(mark.c_str(), O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (file >= 0) std::raise(SIGKILL);
}

}  // namespace lives
