#pragma once

#include "core/system_part.hpp"
#include "sharing/shared_service.hpp"
#include "sharing/supervisor_client.hpp"
#include "sharing/topic_hub.hpp"
#include "wire/name_rule.hpp"

#include <troupe/system.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace troupe::remote {

/// The objects that a system shares with other processes by name, and the way
/// to the supervisor's.
///
/// Thread safety: internally synchronised.
class shared_registry final : public detail::system_part {
 public:
  /// That of a system; there is one for each.
  [[nodiscard]] static std::shared_ptr<shared_registry> of(
      detail::system_core& core);

  /// The service of that kind and name, made by `make` if there is none. It
  /// can be asked for as long as somebody keeps it.
  /// Errors: throws `errc::bad_value` for what cannot be a name.
  template <class T, class F>
  [[nodiscard]] std::shared_ptr<T> share(const std::string& kind,
                                         const std::string& name, F make) {
    check_name("a " + kind, name);
    const std::lock_guard lock{mutex_};
    auto& known = services_[{kind, name}];
    if (auto found = known.lock()) return std::static_pointer_cast<T>(found);
    auto made = make();
    known = made;
    return made;
  }
  [[nodiscard]] std::shared_ptr<shared_service> find(
      const std::string& kind, const std::string& name) const;
  void forget(const std::string& kind, const std::string& name) noexcept;

  /// Makes the system a "supervisor" or a "worker" while the result is kept.
  /// Errors: throws `errc::bad_flow` if it is one already.
  [[nodiscard]] std::shared_ptr<const std::string> take_role(std::string role);
  /// Returns the line to the supervisor; null in a system that is no worker.
  [[nodiscard]] std::shared_ptr<supervisor_client> supervisor() const;
  void set_supervisor(std::shared_ptr<supervisor_client> line) noexcept;

  [[nodiscard]] topic_hub& news() noexcept { return news_; }

  void close() noexcept override;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<shared_service>>
      services_;
  std::weak_ptr<const std::string> role_;
  std::shared_ptr<supervisor_client> supervisor_;
  topic_hub news_;
};

}  // namespace troupe::remote
