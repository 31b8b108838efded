#include "file/owner_file.hpp"

#include "file/store_error.hpp"
#include "file/store_place.hpp"

#include <troupe/json_text.hpp>
#include <troupe/printable.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace troupe::detail {

namespace {

constexpr std::size_t note_bytes = 512;

std::string owner_path(const std::string& store) { return store + ".owner"; }

/// The twenty-second field, counted behind the name, which may hold anything.
std::string start_of_process(std::int64_t process) {
  std::ifstream file{"/proc/" + std::to_string(process) + "/stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::size_t at = name_end;
  for (int field = 2; field < 22 && at != std::string::npos; ++field) {
    at = text.find(' ', at + 1);
  }
  if (at == std::string::npos) return {};
  return text.substr(at + 1, text.find(' ', at + 1) - at - 1);
}

std::optional<owner_note> read_note(int file) {
  std::array<char, note_bytes> bytes{};
  const auto size = ::pread(file, bytes.data(), bytes.size(), 0);
  if (size <= 0) return std::nullopt;
  const auto form = try_read_json(
      std::string_view{bytes.data(), static_cast<std::size_t>(size)});
  if (!form || !form->is_object()) return std::nullopt;
  try {
    owner_note result;
    result.owner.process = form->at("process").get<std::int64_t>();
    result.owner.host = form->at("host").get<std::string>();
    result.started = form->at("started").get<std::string>();
    result.store = form->at("store").get<std::string>();
    result.openings = form->at("openings").get<std::uint64_t>();
    result.ticks = form->at("ticks").get<std::uint64_t>();
    return result;
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

std::string shown_owner(const std::optional<owner_note>& note) {
  if (!note) return "another process";
  std::string text = "process " + std::to_string(note->owner.process) +
                     " on host '" + printable(note->owner.host) + "'";
  if (note->owner.host == host_name() &&
      start_of_process(note->owner.process) != note->started) {
    text += " (or a child of it, as that has ended)";
  }
  return text;
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return as_utf8(name.data());
}

owner_file::owner_file(const std::string& store) : store_(store) {
  // Another owner may have removed the file between the opening and the lock.
  for (int tries = 0; tries < 100; ++tries) {
    if (lock()) return;
    ::close(file_);
    file_ = -1;
  }
  throw store_error(store_,
                    "cannot be owned: its file '.owner' is removed "
                    "again and again; do not remove it");
}

bool owner_file::lock() {
  const auto path = owner_path(store_);
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file_ < 0) {
    throw store_error(
        store_, "cannot be owned, as '" + path + "' cannot be opened: " +
                    std::strerror(errno) + "; change its mode, or remove it");
  }
  const bool is_private = ::fchmod(file_, 0600) == 0;
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const auto owner = shown_owner(read_note(file_));
    ::close(file_);
    file_ = -1;
    throw store_error(store_, "is owned by " + owner +
                                  "; end that, or ask it with "
                                  "'troupe --store'");
  }
  if (!is_private) {
    ::close(file_);
    file_ = -1;
    throw store_error(store_, "cannot be owned, as '" + path +
                                  "' belongs to another user; remove it");
  }
  struct stat held {};
  struct stat named {};
  if (::fstat(file_, &held) != 0 || ::stat(path.c_str(), &named) != 0 ||
      held.st_ino != named.st_ino || held.st_dev != named.st_dev) {
    return false;
  }
  before_ = read_note(file_);
  return true;
}

owner_file::~owner_file() {
  if (file_ >= 0) ::close(file_);
}

void owner_file::note(std::string store, std::uint64_t openings,
                      std::uint64_t ticks) {
  const auto process = static_cast<std::int64_t>(::getpid());
  auto text = write_json(json{{"process", process},
                              {"started", start_of_process(process)},
                              {"host", host_name()},
                              {"store", std::move(store)},
                              {"openings", openings},
                              {"ticks", ticks}});
  text.resize(note_bytes, ' ');
  text.back() = '\n';
  // One sector, so that it is there in whole or not at all.
  if (::pwrite(file_, text.data(), text.size(), 0) !=
      static_cast<ssize_t>(text.size())) {
    throw store_error(store_, std::string{"cannot write its file '.owner': "} +
                                  std::strerror(errno) + "; make room");
  }
}

std::optional<store_owner> find_owner(const std::string& path) {
  const int file =
      ::open(owner_path(path).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  const bool is_owned = ::flock(file, LOCK_SH | LOCK_NB) != 0;
  const auto note = is_owned ? read_note(file) : std::nullopt;
  ::close(file);
  if (!is_owned) return std::nullopt;
  return note ? note->owner : store_owner{};
}

}  // namespace troupe::detail
