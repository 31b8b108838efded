#pragma once

// The part of caf_version.hpp that is about the modules of an actor system and
// its threads.

#include "caf/caf_version.hpp"

#include <caf/thread_hook.hpp>

#include <string>

#if TROUPE_CAF_1
#include <caf/thread_owner.hpp>
#endif

namespace troupe::detail {

/// Adds a module of CAF, for example the middleman, to a configuration.
template <class Module>
void load_module(caf::actor_system_config& config) {
#if TROUPE_CAF_1
  Module::init_global_meta_objects();
#endif
  config.load<Module>();
}

/// The files that CAF's TLS reads for each connection, in PEM.
struct tls_files {
  std::string certificate;
  std::string key;
  std::string key_password;
  std::string authorities;
};

inline void set_tls_files(caf::actor_system_config& config,
                          const tls_files& files) {
#if TROUPE_CAF_1
  config.set("caf.openssl.certificate", files.certificate);
  config.set("caf.openssl.key", files.key);
  config.set("caf.openssl.passphrase", files.key_password);
  config.set("caf.openssl.cafile", files.authorities);
#else
  config.openssl_certificate = files.certificate;
  config.openssl_key = files.key;
  config.openssl_passphrase = files.key_password;
  config.openssl_cafile = files.authorities;
#endif
}

/// The version of CAF, for people.
[[nodiscard]] inline std::string caf_version_text() {
#if TROUPE_CAF_1
  return std::to_string(CAF_VERSION_MAJOR) + "." +
         std::to_string(CAF_VERSION_MINOR) + "." +
         std::to_string(CAF_VERSION_PATCH);
#else
  return std::to_string(CAF_MAJOR_VERSION) + "." +
         std::to_string(CAF_MINOR_VERSION) + "." +
         std::to_string(CAF_PATCH_VERSION);
#endif
}

/// Set by `worker_scheduler` on its threads.
inline thread_local bool is_scheduler_thread = false;

/// Told of the threads of an actor system that run neither its scheduler's
/// actors nor its user's code, on those threads. See `add_thread_hook` of its
/// configuration.
class thread_watch : public caf::thread_hook {
 private:
  /// The system is about to begin.
  virtual void on_system(caf::actor_system&) {}
  virtual void on_thread() = 0;
  virtual void on_thread_end() = 0;

  void init(caf::actor_system& system) final { on_system(system); }
#if TROUPE_CAF_1
  void thread_started(caf::thread_owner owner) final {
    if (owner != caf::thread_owner::scheduler) on_thread();
  }
#else
  void thread_started() final {
    if (!is_scheduler_thread) on_thread();
  }
#endif
  void thread_terminates() final { on_thread_end(); }
};

}  // namespace troupe::detail
