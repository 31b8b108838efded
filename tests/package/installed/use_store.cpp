#include <troupe/store.hpp>

#include <filesystem>
#include <iostream>

int main() {
  const auto file = std::filesystem::temp_directory_path() / "none" / "runs.db";
  try {
    const auto store = troupe::sqlite(file);
  } catch (const troupe::error&) {
    std::cout << "n = 42\n";
  }
}
