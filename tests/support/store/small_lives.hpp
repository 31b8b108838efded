#pragma once

#include "support/store/lives.hpp"

#include <troupe/flow.hpp>
#include <troupe/sleep.hpp>
#include <troupe/system.hpp>

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace troupe_test {

struct adds {
  std::string key;
  void post(troupe::state& shared) const { shared.add(key, 1); }
};

struct sleeps {
  troupe::duration span;
  troupe::task<void> exec() const {
    troupe::sleep_for pause{span};
    co_await pause;
  }
  void post(troupe::state& shared) const { shared.add("slept", 1); }
};

/// Fails while it is told to.
struct fails_while {
  const bool* fails;
  int* calls;
  void exec() const {
    ++*calls;
    if (*fails) throw std::runtime_error{"not yet"};
  }
  void post(troupe::state& shared) const { shared.add("passed", 1); }
};

template <class N>
troupe::flow then(std::string name, N node, troupe::node_options options = {},
                  troupe::flow_options whole = {}) {
  troupe::flow_builder builder{std::move(name), std::move(whole)};
  builder.add("first", adds{"first"}) >>
      builder.add("second", std::move(node), std::move(options));
  return builder.build();
}

inline troupe::system_options knowing(const troupe::flow& work) {
  troupe::system_options options;
  options.flows = {work};
  return options;
}

inline troupe::run_status status_of(memory_store& store, std::string_view id) {
  return store.reader()->find(id)->status;
}

/// A life that ends after so many commits, which leave `store`.
inline std::shared_ptr<memory_store> dies_after(
    std::size_t commits, std::shared_ptr<memory_store> store,
    const troupe::flow& work) {
  life only{store, knowing(work)};
  only.system().resume_all();
  only.commit(commits);
  return only.crash();
}

}  // namespace troupe_test
