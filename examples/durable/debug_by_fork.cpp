// Debugging by fork: a run gave a wrong result. A fork of it begins behind the
// step that was right, with a state that is put right, and does the rest.

#include "durable/lives.hpp"

#include <troupe/store.hpp>
#include <troupe/troupe.hpp>

#include <iostream>
#include <memory>
#include <string>

namespace {

struct load {
  void post(troupe::state& shared) const {
    std::cout << "loads the invoice\n";
    shared["net"] = 200;
    // The mistake: the rate of another country.
    shared["rate"] = 7;
  }
};

struct add_tax {
  void post(troupe::state& shared) const {
    const auto net = shared.get<int>("net");
    shared["gross"] = net + net * shared.get<int>("rate") / 100;
  }
};

struct print {
  void post(const troupe::state& shared) const {
    std::cout << "gross: " << shared.get<int>("gross") << "\n";
  }
};

troupe::flow invoice() {
  troupe::flow_builder builder{"invoice"};
  builder.add("load", load{}) >> builder.add("add_tax", add_tax{}) >>
      builder.add("print", print{});
  return builder.build();
}

}  // namespace

int main() {
  const lives::folder place{"debug_by_fork"};
  troupe::system_options options;
  options.store = troupe::sqlite(place.path() / "runs.db");
  const auto store = options.store;
  troupe::system runtime{options};

  troupe::run_options named;
  named.id = "invoice-7";
  const auto first = runtime.start(invoice(), {}, named).get();
  if (!first.ok()) return 1;

  // region: fork
  troupe::fork_order order;
  order.run = "invoice-7";
  order.id = "invoice-7-again";
  order.after_step = 0;
  order.edits = troupe::value::object({{"rate", 19}});
  const auto reader = store->reader();
  const auto fork = troupe::fork_run(*store, *reader, order);
  std::cout << "the fork begins at " << fork.next << "\n";
  const auto second = runtime.resume(fork.id).get();
  // endregion
  if (!second.ok()) {
    std::cerr << troupe::printable(second.failure->describe()) << "\n";
    return 1;
  }
  std::cout << "before: " << first.state.get<int>("gross")
            << ", now: " << second.state.get<int>("gross") << "\n";
}
