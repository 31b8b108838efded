#include "switchboard.hpp"

#include "system_core.hpp"

namespace troupe::remote {

std::shared_ptr<switchboard> switchboard::of(detail::system_core& core) {
  return std::static_pointer_cast<switchboard>(
      core.part([] { return std::make_shared<switchboard>(); }));
}

std::shared_ptr<shared_service> switchboard::find(
    const std::string& kind, const std::string& name) const {
  const std::lock_guard lock{mutex_};
  const auto known = services_.find({kind, name});
  return known == services_.end() ? nullptr : known->second.lock();
}

void switchboard::forget(const std::string& kind,
                         const std::string& name) noexcept {
  const std::lock_guard lock{mutex_};
  const auto known = services_.find({kind, name});
  // Another of the name may have been made meanwhile.
  if (known != services_.end() && known->second.expired()) {
    services_.erase(known);
  }
}

std::shared_ptr<supervisor_line> switchboard::supervisor() const {
  const std::lock_guard lock{mutex_};
  return supervisors_.empty() ? nullptr : supervisors_.front();
}

void switchboard::add_supervisor(std::shared_ptr<supervisor_line> line) {
  const std::lock_guard lock{mutex_};
  supervisors_.push_back(std::move(line));
}

void switchboard::remove_supervisor(const supervisor_line& line) noexcept {
  const std::lock_guard lock{mutex_};
  std::erase_if(supervisors_,
                [&](const auto& each) { return each.get() == &line; });
}

void switchboard::close() noexcept {
  std::vector<std::shared_ptr<shared_service>> left;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [name, each] : services_) {
      if (auto found = each.lock()) left.push_back(std::move(found));
    }
    supervisors_.clear();
  }
  news_.close();
  for (const auto& each : left) each->close();
}

}  // namespace troupe::remote
