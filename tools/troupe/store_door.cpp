#include "store_door.hpp"

#include "run_choice.hpp"

#include <troupe/store/run_commands.hpp>
#include <troupe/store/sqlite.hpp>
#include <troupe/store/store_file.hpp>

#include <chrono>
#include <utility>

namespace troupe_tool {

namespace {

constexpr troupe::duration answer_time = std::chrono::minutes{10};

}  // namespace

store_door::store_door(std::filesystem::path file)
    : file_(std::move(file)), reader_(troupe::read_store(file_)) {}

troupe::json store_door::ask(const troupe::json& request) {
  if (!own_) {
    try {
      return troupe::ask_owner(file_, request, answer_time);
    } catch (const troupe::error& why) {
      // One that is there but does not answer refuses what follows.
      if (why.code() != troupe::errc::request_failed) throw;
    }
    own_ = troupe::sqlite(file_);
  }
  troupe::command_scope scope;
  scope.store = own_.get();
  scope.reader = reader_.get();
  scope.now_ms = now_ms();
  return troupe::carry_out(scope, request);
}

}  // namespace troupe_tool
