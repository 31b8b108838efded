// Lambdas and calls that must not compile, each with what the compiler has to
// say: see tests/said_by_compiler.py.

#include <troupe/batch.hpp>
#include <troupe/blocking.hpp>
#include <troupe/flow.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace {

troupe::state made();
void step(troupe::state&) {}

void wire(troupe::flow_builder& b, troupe::flow f, troupe::fan_out_options& o) {
  // says: this lambda takes no state, so it is no node
  b.add("n", [] { return "done"; });
  // says: this lambda is generic or overloaded, so it is no node
  b.add("n", [](auto& shared) { shared["x"] = 1; });
  // says: this lambda is mutable, so it is no node
  b.add("n", [n = 0](troupe::state&) mutable { ++n; });
  // says: this lambda takes the state by value
  b.add("n", [](troupe::state shared) { shared["x"] = 1; });
  // says: this lambda takes more than a node is given
  b.add("n", [](troupe::state&, int) {});
  // says: this lambda takes the context by value
  b.add("n", [](troupe::state&, troupe::context) {});
  // says: this lambda returns what is no action
  b.add("n", [](troupe::state&) { return true; });
  // says: this is no node: write a class with prep, exec or post
  b.add("n", &step);
  // says: this is no node: write a class with prep, exec or post
  b.add("n", 1);
  // says: a flow takes no node options
  b.add("n", f, {.on = "workers"});
  // says: post of a batch or fork takes the state by value
  o.post = [](troupe::state) {};
  // says: post of a batch or fork takes something else than it is given
  o.post = [](troupe::state&, int) {};
  // says: post of a batch or fork returns what is no action
  o.post = [](troupe::state&) { return true; };
  // says: post of a batch or fork is a coroutine
  o.post = [](troupe::state&) -> troupe::task<> { co_return; };
  // says: a view of a temporary dangles: name the value first
  made().get<std::string_view>("name");
}

troupe::task<> wait(std::string path) {
  const auto view = [path] { return std::string_view{path}.substr(1); };
  // says: give the lambda a name before co_await
  co_await troupe::blocking([path] { return path; });
  // says: return a value, not a view
  co_await troupe::blocking(view);
}

}  // namespace
