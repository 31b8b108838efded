#include "writing/sqlite_store.hpp"

#include "file/store_error.hpp"
#include "owner/owner_socket.hpp"
#include "reading/run_rows.hpp"
#include "reading/sqlite_reader.hpp"
#include "threads/start_thread.hpp"
#include "writing/run_removal.hpp"
#include "writing/store_writer.hpp"

#include <troupe/json_text.hpp>
#include <troupe/store/store_file.hpp>

#include <chrono>
#include <future>
#include <utility>

namespace troupe {

namespace detail {

namespace {

constexpr std::size_t purged_at_once = 1'000;

/// Slow work that somebody waits for.
class awaited_work : public slow_work {
 public:
  void end(const commit_result& failure) noexcept override {
    ended_.set_value(failure);
  }
  /// Errors: throws what it ended with.
  void wait() {
    if (const auto failure = ended_.get_future().get()) throw error{*failure};
  }

 private:
  std::promise<commit_result> ended_;
};

class purge_work final : public awaited_work {
 public:
  explicit purge_work(run_query which) : which_(std::move(which)) {}

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  bool go_on(store_file& file, time_point until) override {
    auto& in = file.connection();
    if (next_.empty() && !has_all_) {
      next_ = ended_runs(in, which_, purged_at_once);
      has_all_ = next_.empty();
    }
    if (!next_.empty()) {
      const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
          clock::steady().wall_now().time_since_epoch());
      count_ += remove_runs(in, next_, now_ms.count(), until);
      return true;
    }
    return remove_leftovers(in, until);
  }

 private:
  run_query which_;
  std::vector<std::int64_t> next_;
  bool has_all_ = false;
  std::uint64_t count_ = 0;
};

class compact_work final : public awaited_work {
 public:
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

  bool go_on(store_file& file, time_point until) override {
    auto& in = file.connection();
    const auto page = in.number("PRAGMA page_size");
    do {
      const auto before = in.number("PRAGMA freelist_count");
      if (before == 0) break;
      in.run("PRAGMA incremental_vacuum(64)");
      const auto now = in.number("PRAGMA freelist_count");
      bytes_ += static_cast<std::uint64_t>((before - now) * page);
      if (now >= before) break;
      if (clock::steady().now() >= until) return true;
    } while (true);
    file.make_checkpoint(store_file::checkpoint::truncates);
    return false;
  }

 private:
  std::uint64_t bytes_ = 0;
};

/// The parts that end after the last who has them.
struct store_parts {
  store_parts(const std::filesystem::path& file, sqlite_options options,
              const std::string& vfs)
      : writer(file, std::move(options), vfs) {}

  std::uint64_t compact() {
    const auto work = std::make_shared<compact_work>();
    if (writer.is_writing_thread()) {
      writer.work(work);
    } else {
      writer.work(work);
      work->wait();
    }
    return work->bytes();
  }

  json answer(const json& request) {
    if (request.value("store", "") == "compact") {
      return json{{"bytes", compact()}};
    }
    std::function<json(const json&)> by;
    {
      const std::lock_guard lock{mutex};
      by = handler;
    }
    if (by) return by(request);
    return json{{"error", "the owner of the store takes no requests"}};
  }

  store_writer writer;
  std::mutex mutex;
  std::function<json(const json&)> handler;
  // It uses the others.
  std::unique_ptr<owner_socket> socket;
};

class sqlite_store final : public run_store {
 public:
  sqlite_store(const std::filesystem::path& file, sqlite_options options,
               const std::string& vfs)
      : parts_(std::make_shared<store_parts>(file, std::move(options), vfs)) {
    parts_->socket = std::make_unique<owner_socket>(
        parts_->writer.path(), [parts = parts_.get()](const json& request) {
          return parts->answer(request);
        });
    thread_ = start_thread("the writer of a store",
                           [parts = parts_] { parts->writer.run(); });
  }
  ~sqlite_store() override { close(); }

  void begin(run_record what, std::vector<log_entry> first,
             std::function<void(begun_run)> done) override {
    const auto parts = parts_;
    parts->writer.begin({std::move(what), std::move(first), std::move(done)});
  }

  // What it calls may give up the last share of this.
  void submit(run_commit what) override {
    const auto parts = parts_;
    parts->writer.submit(std::move(what));
  }

  std::uint64_t purge(const run_query& which) override {
    const auto work = std::make_shared<purge_work>(which);
    const bool waits = !parts_->writer.is_writing_thread();
    parts_->writer.work(work);
    if (waits) work->wait();
    return work->count();
  }

  [[nodiscard]] std::unique_ptr<store_reader> reader() override {
    return std::make_unique<sqlite_reader>(parts_->writer.path(),
                                           parts_->writer.vfs());
  }

  void on_request(std::function<json(const json&)> handler) override {
    const std::lock_guard lock{parts_->mutex};
    parts_->handler = std::move(handler);
  }

  [[nodiscard]] std::string name() const override {
    return parts_->writer.path();
  }

  void close() noexcept override {
    const std::lock_guard lock{closing_};
    parts_->writer.close();
    // The last share may be given up by what the writing thread calls, which
    // then ends with the rest of the parts.
    if (parts_->writer.is_writing_thread()) {
      if (thread_.joinable()) thread_.detach();
      return;
    }
    if (thread_.joinable()) thread_.join();
    parts_->socket.reset();
  }

 private:
  std::shared_ptr<store_parts> parts_;
  std::mutex closing_;
  std::thread thread_;
};

constexpr duration compact_time = std::chrono::hours{1};

}  // namespace

std::shared_ptr<run_store> open_sqlite(const std::filesystem::path& file,
                                       sqlite_options options,
                                       const std::string& vfs) {
  return std::make_shared<sqlite_store>(file, std::move(options), vfs);
}

}  // namespace detail

std::uint64_t compact_store(const std::filesystem::path& file) {
  const auto path = detail::store_path(file);
  // It must not be made by this.
  (void)detail::sqlite_reader{path, {}};
  if (!detail::find_owner(path)) {
    // Its socket is asked, as if another process were the owner.
    const auto owned = sqlite(path);
    return compact_store(path);
  }
  const auto answer =
      ask_owner(path, json{{"store", "compact"}}, detail::compact_time);
  if (answer.is_object() && answer.value("bytes", json{}).is_number()) {
    return answer.at("bytes").get<std::uint64_t>();
  }
  throw detail::store_error(
      path, "was not compacted: " + write_json(answer, bad_text::replaced));
}

std::shared_ptr<run_store> sqlite(std::filesystem::path file) {
  return detail::open_sqlite(file, {}, {});
}

std::shared_ptr<run_store> sqlite(std::filesystem::path file,
                                  sqlite_options options) {
  return detail::open_sqlite(file, std::move(options), {});
}

}  // namespace troupe
