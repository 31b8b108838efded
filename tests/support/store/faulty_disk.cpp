#include "support/store/faulty_disk.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <numeric>

namespace troupe_test {

namespace {

constexpr std::uint64_t sector = 512;

/// A file of ours, followed by the one of the machine.
struct shim_file {
  sqlite3_file base;
  faulty_disk* disk;
  std::string* path;

  [[nodiscard]] sqlite3_file* real() {
    return reinterpret_cast<sqlite3_file*>(this + 1);
  }
  [[nodiscard]] const sqlite3_io_methods* methods() { return real()->pMethods; }
};

shim_file& shim(sqlite3_file* file) {
  return *reinterpret_cast<shim_file*>(file);
}

int code_of(faulty_disk::decision what, int io_error) {
  switch (what) {
    case faulty_disk::decision::go_on:
      return SQLITE_OK;
    case faulty_disk::decision::full:
    case faulty_disk::decision::half_full:
      return SQLITE_FULL;
    default:
      return io_error;
  }
}

int shim_close(sqlite3_file* file) {
  auto& it = shim(file);
  const int status = it.methods()->xClose(it.real());
  delete it.path;
  return status;
}

int shim_read(sqlite3_file* file, void* into, int size, sqlite3_int64 at) {
  return shim(file).methods()->xRead(shim(file).real(), into, size, at);
}

int shim_write(sqlite3_file* file, const void* bytes, int size,
               sqlite3_int64 at) {
  auto& it = shim(file);
  const auto what = it.disk->before_operation();
  if (what == faulty_disk::decision::io_error ||
      what == faulty_disk::decision::full) {
    return code_of(what, SQLITE_IOERR_WRITE);
  }
  if (what != faulty_disk::decision::go_on) size /= 2;
  it.disk->on_write(*it.path, file, bytes, static_cast<std::size_t>(size),
                    static_cast<std::uint64_t>(at));
  const int status = it.methods()->xWrite(it.real(), bytes, size, at);
  return status != SQLITE_OK ? status : code_of(what, SQLITE_IOERR_WRITE);
}

int shim_truncate(sqlite3_file* file, sqlite3_int64 size) {
  auto& it = shim(file);
  const auto what = it.disk->before_operation();
  if (what != faulty_disk::decision::go_on) {
    return code_of(what, SQLITE_IOERR_TRUNCATE);
  }
  it.disk->on_truncate(*it.path, file, static_cast<std::uint64_t>(size));
  return it.methods()->xTruncate(it.real(), size);
}

/// Nothing is synced in truth: only what `faulty_disk` keeps of it matters.
int shim_sync(sqlite3_file* file, int) {
  auto& it = shim(file);
  const auto what = it.disk->before_operation();
  if (what != faulty_disk::decision::go_on) {
    return code_of(what, SQLITE_IOERR_FSYNC);
  }
  it.disk->on_sync(*it.path);
  return SQLITE_OK;
}

int shim_size(sqlite3_file* file, sqlite3_int64* size) {
  return shim(file).methods()->xFileSize(shim(file).real(), size);
}
int shim_lock(sqlite3_file* file, int kind) {
  return shim(file).methods()->xLock(shim(file).real(), kind);
}
int shim_unlock(sqlite3_file* file, int kind) {
  return shim(file).methods()->xUnlock(shim(file).real(), kind);
}
int shim_reserved(sqlite3_file* file, int* result) {
  return shim(file).methods()->xCheckReservedLock(shim(file).real(), result);
}
int shim_control(sqlite3_file* file, int what, void* with) {
  return shim(file).methods()->xFileControl(shim(file).real(), what, with);
}
int shim_sector(sqlite3_file* file) {
  return shim(file).methods()->xSectorSize(shim(file).real());
}
int shim_traits(sqlite3_file* file) {
  return shim(file).methods()->xDeviceCharacteristics(shim(file).real());
}
int shim_map(sqlite3_file* file, int page, int size, int extends,
             void volatile** into) {
  return shim(file).methods()->xShmMap(shim(file).real(), page, size, extends,
                                       into);
}
int shim_shm_lock(sqlite3_file* file, int offset, int number, int flags) {
  return shim(file).methods()->xShmLock(shim(file).real(), offset, number,
                                        flags);
}
void shim_barrier(sqlite3_file* file) {
  shim(file).methods()->xShmBarrier(shim(file).real());
}
int shim_unmap(sqlite3_file* file, int deletes) {
  return shim(file).methods()->xShmUnmap(shim(file).real(), deletes);
}

const sqlite3_io_methods shim_methods{
    2,           shim_close,    shim_read,     shim_write,   shim_truncate,
    shim_sync,   shim_size,     shim_lock,     shim_unlock,  shim_reserved,
    shim_control, shim_sector,  shim_traits,   shim_map,     shim_shm_lock,
    shim_barrier, shim_unmap,   nullptr,       nullptr};

sqlite3_vfs* machine() { return sqlite3_vfs_find(nullptr); }

int shim_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags,
              int* flags_out) {
  auto& it = shim(file);
  auto* disk = static_cast<faulty_disk*>(vfs->pAppData);
  it.base.pMethods = nullptr;
  const int status =
      machine()->xOpen(machine(), path, it.real(), flags, flags_out);
  if (status != SQLITE_OK) return status;
  it.disk = disk;
  it.path = new std::string{path == nullptr ? "" : path};
  it.base.pMethods = &shim_methods;
  disk->on_open(*it.path);
  return SQLITE_OK;
}

int shim_delete(sqlite3_vfs* vfs, const char* path, int syncs) {
  static_cast<faulty_disk*>(vfs->pAppData)->on_delete(path);
  return machine()->xDelete(machine(), path, syncs);
}
int shim_access(sqlite3_vfs*, const char* path, int flags, int* result) {
  return machine()->xAccess(machine(), path, flags, result);
}
int shim_full_path(sqlite3_vfs*, const char* path, int size, char* into) {
  return machine()->xFullPathname(machine(), path, size, into);
}
int shim_random(sqlite3_vfs*, int size, char* into) {
  return machine()->xRandomness(machine(), size, into);
}
int shim_sleep(sqlite3_vfs*, int us) { return machine()->xSleep(machine(), us); }
int shim_time(sqlite3_vfs*, double* now) {
  return machine()->xCurrentTime(machine(), now);
}
int shim_last_error(sqlite3_vfs*, int size, char* into) {
  return machine()->xGetLastError(machine(), size, into);
}

}  // namespace

faulty_disk::faulty_disk() : vfs_(new sqlite3_vfs{}) {
  static int last = 0;
  name_ = "faulty-disk-" + std::to_string(++last);
  vfs_->iVersion = 1;
  vfs_->szOsFile = static_cast<int>(sizeof(shim_file)) + machine()->szOsFile;
  vfs_->mxPathname = machine()->mxPathname;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = shim_open;
  vfs_->xDelete = shim_delete;
  vfs_->xAccess = shim_access;
  vfs_->xFullPathname = shim_full_path;
  vfs_->xRandomness = shim_random;
  vfs_->xSleep = shim_sleep;
  vfs_->xCurrentTime = shim_time;
  vfs_->xGetLastError = shim_last_error;
  sqlite3_vfs_register(vfs_, 0);
}

faulty_disk::~faulty_disk() {
  sqlite3_vfs_unregister(vfs_);
  delete vfs_;
}

std::uint64_t faulty_disk::operations() const {
  const std::lock_guard lock{mutex_};
  return operations_;
}

void faulty_disk::fail_at(std::uint64_t operation, fault how) {
  const std::lock_guard lock{mutex_};
  fails_at_ = operation;
  how_ = how;
}

void faulty_disk::lose_power_at(std::uint64_t operation,
                                std::function<void()> on_loss) {
  const std::lock_guard lock{mutex_};
  loses_at_ = operation;
  on_loss_ = std::move(on_loss);
}

faulty_disk::decision faulty_disk::before_operation() {
  const std::lock_guard lock{mutex_};
  ++operations_;
  if (operations_ == loses_at_) {
    on_loss_();
    picture_ = files_;
  }
  if (operations_ != fails_at_) return decision::go_on;
  switch (how_) {
    case fault::io_error:
      return decision::io_error;
    case fault::full:
      return decision::full;
    case fault::short_write:
      return decision::half_error;
    case fault::short_full:
      return decision::half_full;
  }
  return decision::io_error;
}

void faulty_disk::on_open(const std::string& path) {
  const std::lock_guard lock{mutex_};
  files_.try_emplace(path);
}

void faulty_disk::on_write(const std::string& path, const void* by,
                           const void* bytes, std::size_t size,
                           std::uint64_t offset) {
  const std::lock_guard lock{mutex_};
  auto& it = files_[path];
  ++it.writers[by];
  it.unsynced.push_back(
      {false, offset, std::string(static_cast<const char*>(bytes), size)});
}

void faulty_disk::on_truncate(const std::string& path, const void* by,
                              std::uint64_t size) {
  const std::lock_guard lock{mutex_};
  auto& it = files_[path];
  ++it.writers[by];
  it.unsynced.push_back({true, size, {}});
}

void faulty_disk::on_sync(const std::string& path) {
  const std::lock_guard lock{mutex_};
  auto& it = files_[path];
  for (const auto& each : it.unsynced) apply(it.synced, each);
  it.unsynced.clear();
}

void faulty_disk::on_delete(const std::string& path) {
  const std::lock_guard lock{mutex_};
  files_.erase(path);
}

void faulty_disk::apply(std::string& content, const change& what) {
  if (what.is_truncation) {
    content.resize(what.offset);
    return;
  }
  const auto end = what.offset + what.bytes.size();
  if (content.size() < end) content.resize(end);
  std::copy(what.bytes.begin(), what.bytes.end(),
            content.begin() + static_cast<std::ptrdiff_t>(what.offset));
}

bool faulty_disk::restore(const std::filesystem::path& folder,
                          std::mt19937& random) const {
  const std::lock_guard lock{mutex_};
  if (operations_ < loses_at_ || loses_at_ == 0) return false;
  for (const auto& [path, kept] : picture_) {
    const std::filesystem::path name{path};
    if (name.extension() == ".db-shm" || path.empty()) continue;
    auto content = kept.synced;
    // Each write is there, is not, or is there in part; none waits for another.
    const auto share = random() % 5;
    std::vector<std::size_t> order(kept.unsynced.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (random() % 2 == 0) std::shuffle(order.begin(), order.end(), random);
    for (const auto index : order) {
      if (random() % 4 >= share) continue;
      auto what = kept.unsynced[index];
      if (random() % 4 == 0 && what.bytes.size() > sector) {
        const auto first = random() % (what.bytes.size() / sector) * sector;
        what.offset += first;
        what.bytes = what.bytes.substr(first, sector * (1 + random() % 4));
      }
      apply(content, what);
    }
    std::ofstream{folder / name.filename(), std::ios::binary} << content;
  }
  return true;
}

std::size_t faulty_disk::writers_of(const std::string& ending) const {
  const std::lock_guard lock{mutex_};
  std::size_t count = 0;
  for (const auto& [path, kept] : files_) {
    if (path.ends_with(ending)) count = std::max(count, kept.writers.size());
  }
  return count;
}

}  // namespace troupe_test
