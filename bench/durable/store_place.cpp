#include "durable/store_place.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace troupe::bench {

store_place::store_place(const std::filesystem::path& folder) {
  std::string made = (folder / "troupe-bench-XXXXXX").string();
  if (mkdtemp(made.data()) == nullptr) {
    throw std::runtime_error{"no folder can be made in '" + folder.string() +
                             "'; name another one with --folder"};
  }
  folder_ = made;
}

store_place::~store_place() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::uint64_t store_place::bytes() const {
  std::uint64_t all = 0;
  for (const char* part : {"", "-wal"}) {
    std::error_code none;
    const auto size = std::filesystem::file_size(file().string() + part, none);
    if (!none) all += size;
  }
  return all;
}

}  // namespace troupe::bench
