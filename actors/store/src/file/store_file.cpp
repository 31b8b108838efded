#include "file/store_file.hpp"

#include "file/entry_index.hpp"
#include "file/schema.hpp"
#include "file/store_error.hpp"

#include <troupe/printable.hpp>

#include <SQLiteCpp/Exception.h>
#include <array>
#include <charconv>
#include <random>
#include <sqlite3.h>
#include <string_view>
#include <utility>

namespace troupe::detail {

namespace {

/// A file of so many pages is read at opening.
constexpr std::int64_t pages_read_at_opening = 4'096;
constexpr int first_sound_sqlite = 3'051'003;

std::uint64_t number_in(const std::string& text) noexcept {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string random_id() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device source;
  std::string id;
  for (int word = 0; word < 4; ++word) {
    auto bits = source();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4) {
      id += digits[bits & 15];
    }
  }
  return id;
}

int on_log(void* pages, sqlite3*, const char*, int number) noexcept {
  *static_cast<int*>(pages) = number;
  return SQLITE_OK;
}

}  // namespace

store_file::store_file(const std::filesystem::path& file,
                       const sqlite_options& options, std::string vfs)
    : options_(options), path_(store_path(file)), vfs_(std::move(vfs)) {
  refuse_network_files(path_, options_.network);
  owner_ = std::make_unique<owner_file>(path_);
  prepare_files(path_);
  number_ = number_of(path_);
  try {
    connect();
    if (is_new_store(*connection_, path_)) {
      create_schema(*connection_);
      make_identity();
    } else {
      check_pages();
    }
    identify();
  } catch (const SQLite::Exception& why) {
    throw store_error(path_, why);
  }
  prepare_files(path_);
  if (sqlite3_libversion_number() < first_sound_sqlite) {
    notify("SQLite " + std::string{sqlite3_libversion()} +
           " can damage a file that two connections write or check at the same "
           "time (fixed in 3.51.3); the store '" +
           path_ + "' has one, so let no other program write to it");
  }
}

void store_file::notify(const std::string& text) const {
  if (options_.on_notice) options_.on_notice(text);
}

void store_file::connect() {
  connection_ =
      std::make_unique<database>(path_, access_to_store::writes, vfs_);
  log_pages_ = 0;
  sqlite3_wal_hook(connection_->handle(), on_log, &log_pages_);
}

void store_file::check_pages() {
  if (connection_->number("PRAGMA page_count") > pages_read_at_opening) return;
  query check{*connection_, "PRAGMA quick_check(1)"};
  if (check.step() && check.text(0) != "ok") {
    throw store_error(path_, "is damaged: " + printable(check.text(0)) +
                                 "; restore a backup");
  }
}

void store_file::make_identity() {
  id_ = random_id();
  openings_ = ticks_ = 0;
  transaction all{*connection_, transaction::kind::writes};
  write_meta(*connection_, "id", id_);
  write_meta(*connection_, "openings", "0");
  write_meta(*connection_, "ticks", "0");
  write_home();
  all.commit();
}

void store_file::write_home() {
  write_meta(*connection_, "path", path_);
  write_meta(*connection_, "host", host_name());
  write_meta(*connection_, "device", std::to_string(number_.device));
  write_meta(*connection_, "inode", std::to_string(number_.inode));
}

void store_file::identify() {
  id_ = read_meta(*connection_, "id");
  openings_ = number_in(read_meta(*connection_, "openings"));
  ticks_ = number_in(read_meta(*connection_, "ticks"));
  if (options_.changed == changed_file::refused) {
    refuse_older();
    refuse_copy();
  } else if (owner_->before() || read_meta(*connection_, "path") != path_) {
    make_identity();
  }
  transaction all{*connection_, transaction::kind::writes};
  index_entries(*connection_);
  write_meta(*connection_, "openings", std::to_string(++openings_));
  write_home();
  all.commit();
  make_checkpoint(checkpoint::truncates);
}

void store_file::refuse_older() {
  const auto& before = owner_->before();
  if (!before || before->store.empty()) return;
  if (before->store != id_) {
    throw store_error(path_, "is not the one that was here before (" + id_ +
                                 " instead of " + printable(before->store) +
                                 "); put that back, or set "
                                 "sqlite_options::changed");
  }
  if (before->openings > openings_ || before->ticks > ticks_) {
    throw store_error(
        path_, "is older than it was: opened " + std::to_string(openings_) +
                   " times instead of " + std::to_string(before->openings) +
                   ", so steps that were done would be done again; put the "
                   "newer file back, or set sqlite_options::changed");
  }
}

void store_file::refuse_copy() {
  const auto home = read_meta(*connection_, "path");
  if (home == path_ || read_meta(*connection_, "host") != host_name()) return;
  const file_number first{number_in(read_meta(*connection_, "device")),
                          number_in(read_meta(*connection_, "inode"))};
  // A file that was moved is the same one.
  if (first == number_ || number_of(home) != first) return;
  throw store_error(path_, "is a copy of '" + printable(home) +
                               "', which is still there; open that one, or set "
                               "sqlite_options::changed to make this a store "
                               "of its own");
}

void store_file::make_checkpoint(checkpoint how) {
  query{*connection_,
        "UPDATE meta SET value = CAST(value AS INTEGER) + 1 "
        "WHERE key = 'ticks'"}
      .run();
  ++ticks_;
  int pages = 0;
  int copied = 0;
  const int mode = how == checkpoint::passive ? SQLITE_CHECKPOINT_PASSIVE
                                              : SQLITE_CHECKPOINT_TRUNCATE;
  sqlite3_busy_timeout(connection_->handle(), 20);
  const int status = sqlite3_wal_checkpoint_v2(connection_->handle(), "main",
                                               mode, &pages, &copied);
  sqlite3_busy_timeout(connection_->handle(), 2'000);
  if (status != SQLITE_OK && (status & 0xff) != SQLITE_BUSY) {
    throw SQLite::Exception{connection_->handle(), status};
  }
  if (status != SQLITE_OK || pages != copied) return;
  if (how == checkpoint::truncates) log_pages_ = 0;
  // It was synced with the log of SQLite, so a loss of power does not make the
  // file look older than this note.
  owner_->note(id_, openings_, ticks_);
}

void store_file::check_place() const {
  if (number_of(path_) == number_) return;
  throw store_error(path_,
                    "was removed or replaced while it was in use; end the "
                    "process, put the file back, and start again");
}

void store_file::reopen() {
  if (connection_) {
    connection_->abandon();
    connection_.reset();
  }
  try {
    check_place();
    connect();
    if (is_new_store(*connection_, path_)) {
      throw store_error(path_, "is empty; restore a backup");
    }
    query check{*connection_, "PRAGMA quick_check(1)"};
    if (check.step() && check.text(0) != "ok") {
      throw store_error(path_, "is damaged: " + printable(check.text(0)) +
                                   "; restore a backup");
    }
    ticks_ = number_in(read_meta(*connection_, "ticks"));
  } catch (const SQLite::Exception& why) {
    connection_.reset();
    throw store_error(path_, why);
  } catch (...) {
    connection_.reset();
    throw;
  }
}

}  // namespace troupe::detail
