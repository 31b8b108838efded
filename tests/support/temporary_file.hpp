#pragma once

#include <filesystem>
#include <string>
#include <unistd.h>

namespace troupe_test {

/// A place for a file, which is gone in the end.
struct temporary_file {
  explicit temporary_file(const std::string& name = "file")
      : path(std::filesystem::temp_directory_path() /
             ("troupe-test-" + std::to_string(getpid()) + "-" + name)) {
    std::filesystem::remove(path);
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() { std::filesystem::remove(path); }

  const std::filesystem::path path;
};

}  // namespace troupe_test
