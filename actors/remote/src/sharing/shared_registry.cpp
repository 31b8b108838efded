#include "sharing/shared_registry.hpp"

#include "core/system_core.hpp"

#include <troupe/error.hpp>

#include <vector>

namespace troupe::remote {

std::shared_ptr<shared_registry> shared_registry::of(
    detail::system_core& core) {
  return core.part<shared_registry>();
}

std::shared_ptr<shared_service> shared_registry::find(
    const std::string& kind, const std::string& name) const {
  const std::lock_guard lock{mutex_};
  const auto known = services_.find({kind, name});
  return known == services_.end() ? nullptr : known->second.lock();
}

void shared_registry::forget(const std::string& kind,
                             const std::string& name) noexcept {
  const std::lock_guard lock{mutex_};
  const auto known = services_.find({kind, name});
  // Another of the name may have been made meanwhile.
  if (known != services_.end() && known->second.expired()) {
    services_.erase(known);
  }
}

std::shared_ptr<const std::string> shared_registry::take_role(
    std::string role) {
  const std::lock_guard lock{mutex_};
  if (const auto known = role_.lock()) {
    throw error{errc::bad_flow, "the system is already a " + *known +
                                    " and cannot also be a " + role};
  }
  auto made = std::make_shared<const std::string>(std::move(role));
  role_ = made;
  return made;
}

std::shared_ptr<supervisor_client> shared_registry::supervisor() const {
  const std::lock_guard lock{mutex_};
  return supervisor_;
}

void shared_registry::set_supervisor(
    std::shared_ptr<supervisor_client> line) noexcept {
  // The last one ends when the lock is open again.
  const std::lock_guard lock{mutex_};
  supervisor_.swap(line);
}

void shared_registry::close() noexcept {
  std::vector<std::shared_ptr<shared_service>> left;
  std::shared_ptr<supervisor_client> supervisor;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [name, each] : services_) {
      if (auto found = each.lock()) left.push_back(std::move(found));
    }
    supervisor.swap(supervisor_);
  }
  news_.close();
  for (const auto& each : left) each->close();
}

}  // namespace troupe::remote
