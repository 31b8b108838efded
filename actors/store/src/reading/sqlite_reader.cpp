#include "reading/sqlite_reader.hpp"

#include "file/schema.hpp"
#include "file/store_error.hpp"
#include "file/store_place.hpp"
#include "reading/run_rows.hpp"

#include <troupe/printable.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <openssl/evp.h>
#include <utility>

namespace troupe::detail {

namespace {

constexpr std::size_t entries_read_at_once = 256;
constexpr std::size_t bytes_read_at_once = std::size_t{1} << 20;

/// SQLite would make a new file where there is none.
database open_for_reading(const std::string& path, const std::string& vfs) {
  try {
    return database{path, access_to_store::reads, vfs};
  } catch (const SQLite::Exception& why) {
    throw store_error(path, why);
  }
}

std::int64_t as_number(std::uint64_t number) noexcept {
  constexpr auto most =
      static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(number, most));
}

}  // namespace

std::string hash_of(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(),
             nullptr);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    text += digits[digest[i] >> 4];
    text += digits[digest[i] & 15];
  }
  return text;
}

template <class Body>
auto sqlite_reader::read(Body body) {
  try {
    transaction all{in_, transaction::kind::reads};
    return body();
  } catch (const SQLite::Exception& why) {
    throw store_error(path_, why);
  } catch (const error& why) {
    if (why.message().starts_with("the store")) throw;
    throw store_error(path_, "failed: " + why.message());
  }
}

sqlite_reader::sqlite_reader(std::string path, const std::string& vfs)
    : path_(std::move(path)), in_(open_for_reading(path_, vfs)) {
  const bool is_new = read([this] { return is_new_store(in_, path_); });
  if (is_new) throw store_error(path_, "is empty; name a store");
}

std::optional<run_record> sqlite_reader::find(std::string_view id) {
  const std::string name{id};
  return read([&]() -> std::optional<run_record> {
    rest_.catch_up(in_);
    auto row = find_run(in_, rest_, name);
    if (!row) return std::nullopt;
    return std::move(row->record);
  });
}

std::vector<run_record> sqlite_reader::list(const run_query& what) {
  return read([&] {
    rest_.catch_up(in_);
    return list_runs(in_, rest_, what);
  });
}

std::vector<std::uint64_t> sqlite_reader::counts() {
  return read([&] {
    std::vector<std::uint64_t> result(
        static_cast<std::size_t>(run_status::cancelled) + 1);
    query asked{in_, "SELECT status, count(*) FROM runs GROUP BY status"};
    while (asked.step()) {
      const auto status = static_cast<std::size_t>(asked.number(0));
      if (status >= result.size()) continue;
      result[status] = static_cast<std::uint64_t>(asked.number(1));
    }
    return result;
  });
}

std::int64_t sqlite_reader::number_of_run(const std::string& run) {
  query asked{in_, "SELECT number FROM runs WHERE id = ?", run};
  if (asked.step()) return asked.number(0);
  throw store_error(
      path_, "has no run '" + printable(run) + "'; it may have been purged");
}

std::vector<stored_entry> sqlite_reader::next_entries(const std::string& run,
                                                      std::uint64_t after,
                                                      std::uint64_t upto) {
  rest_.catch_up(in_);
  const auto number = number_of_run(run);
  std::vector<stored_entry> found;
  std::size_t bytes = 0;
  const auto has_room = [&] {
    return found.size() < entries_read_at_once && bytes < bytes_read_at_once;
  };
  const auto add = [&](const query& row) {
    found.push_back(read_entry(row));
    bytes += found.back().entry.body.text.size();
  };
  {
    query asked{in_,
                "SELECT " TROUPE_ENTRY_COLUMNS
                " FROM entry_index e CROSS JOIN log l ON l.key = e.key WHERE "
                "e.run = ? AND e.number > ? AND e.number <= ? ORDER BY "
                "e.number",
                number, as_number(after), as_number(upto)};
    while (has_room() && asked.step()) add(asked);
  }
  const auto* newer = rest_.find(number);
  if (newer == nullptr) return found;
  for (const auto& at : newer->places) {
    if (at.number <= as_number(after) || at.number > as_number(upto)) continue;
    if (!has_room()) break;
    query asked{in_, "SELECT " TROUPE_ENTRY_COLUMNS " FROM log l WHERE key = ?",
                at.key};
    if (asked.step()) add(asked);
  }
  return found;
}

void sqlite_reader::entries(std::string_view run, std::uint64_t after,
                            std::uint64_t upto, const visitor& visit) {
  const std::string name{run};
  bool is_first = true;
  for (auto last = after;;) {
    const auto found = read([&] { return next_entries(name, last, upto); });
    if (found.empty()) return;
    for (const auto& each : found) {
      // The number of the first tells that others before it were deleted.
      if (!is_first && each.number != last + 1) {
        throw store_error(path_, "has no entry " + std::to_string(last + 1) +
                                     " of the run '" + printable(name) +
                                     "' any more; read it again, and check "
                                     "the store if this happens again");
      }
      is_first = false;
      last = each.number;
      if (!visit(each)) return;
    }
  }
}

std::optional<stored_entry> sqlite_reader::snapshot(std::string_view run,
                                                    std::string_view address,
                                                    std::uint64_t step) {
  const std::string name{run};
  const std::string place{address};
  constexpr std::uint64_t most = std::uint64_t{1} << 62;
  const auto before = static_cast<std::int64_t>(std::min(step, most));
  return read([&]() -> std::optional<stored_entry> {
    const auto number = number_of_run(name);
    query asked{in_,
                "SELECT " TROUPE_ENTRY_COLUMNS
                " FROM log l WHERE l.kind = 3 AND l.run = ? AND l.address = ? "
                "AND l.step <= ? ORDER BY l.step DESC, l.number DESC LIMIT 1",
                number, place, before};
    if (!asked.step()) return std::nullopt;
    return read_entry(asked);
  });
}

std::string sqlite_reader::part(std::string_view hash) {
  const std::string name{hash};
  auto bytes = read([&]() -> std::optional<std::string> {
    query asked{in_, "SELECT bytes FROM parts WHERE hash = ?", name};
    if (!asked.step()) return std::nullopt;
    return asked.text(0);
  });
  if (!bytes) {
    throw store_error(path_, "has no part '" + printable(name) +
                                 "' (any more); check the store, and restore a "
                                 "backup");
  }
  if (hash_of(*bytes) != name) {
    throw store_error(path_, "is damaged: the part '" + printable(name) +
                                 "' is not what its hash says; restore a "
                                 "backup");
  }
  return std::move(*bytes);
}

bool sqlite_reader::was_purged(std::string_view id) {
  const std::string name{id};
  return read([&] {
    query asked{in_, "SELECT 1 FROM purged WHERE id = ?", name};
    return asked.step();
  });
}

}  // namespace troupe::detail
