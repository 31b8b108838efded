// Types that are no nodes, each with what the compiler has to say: see
// tests/said_by_compiler.py.

#include <troupe/each.hpp>
#include <troupe/flow.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

int set(troupe::state& shared) {
  shared["early"] = true;
  return 1;
}

template <class T>
int size_of(const T& text) {
  return static_cast<int>(text.size());
}

struct exec_overloaded {
  int exec() const { return 1; }
  int exec(int number) const { return number; }
};

struct exec_overloaded_by_type {
  int prep() const { return 1; }
  int exec(int number) const { return number; }
  int exec(double) const { return 2; }
};

struct exec_template {
  int prep() const { return 1; }
  int exec(auto number) const { return number; }
};

struct post_overloaded {
  void post(troupe::state&) const {}
  void post(troupe::state&, int) const {}
};

class prep_private {
  int prep() const { return 1; }

 public:
  int exec(int number) const { return number; }
};

class exec_private {
  int exec() const { return 1; }
};

struct exec_protected {
  void post(troupe::state&) const {}

 protected:
  int exec() const { return 1; }
};

struct fallback_private {
  int exec() const { return 1; }

 private:
  int fallback() const { return 1; }
};

class post_private {
  void post(troupe::state&) const {}
};

struct exec_static {
  static int exec() { return 1; }
};

struct post_static {
  static void post(troupe::state&) {}
};

struct exec_is_data {
  std::function<int()> exec;
};

struct prep_not_const {
  int prep() { return 1; }
  int exec(int number) const { return number; }
};

struct exec_not_const {
  int exec() { return ++calls; }
  int calls = 0;
};

struct fallback_not_const {
  int exec() const { return 1; }
  int fallback() noexcept { return 1; }
};

struct post_not_const {
  void post(troupe::state&) {}
};

struct prep_writes_state {
  int prep(troupe::state& shared) const { return set(shared); }
};

struct exec_writes_state {
  int exec(troupe::state& shared) const { return set(shared); }
};

struct prep_copies_state {
  int prep(troupe::state shared) const { return set(shared); }
};

struct exec_copies_state {
  int exec(const troupe::state) const { return 1; }
};

struct post_copies_state {
  int exec() const { return 1; }
  troupe::task<> post(troupe::state shared, int) const {
    set(shared);
    co_return;
  }
};

struct exec_copies_context {
  int exec(troupe::context) const { return 1; }
};

struct exec_takes_error {
  int exec(const troupe::error&) const { return 1; }
};

struct fallback_writes_error {
  int exec() const { return 1; }
  int fallback(troupe::error&) const { return 1; }
};

struct prep_takes_value {
  int prep(int number) const { return number; }
};

struct exec_takes_type {
  std::string prep() const { return "text"; }
  int exec(std::vector<int> items) const { return size_of(items); }
};

struct exec_takes_to_write {
  std::string prep() const { return "text"; }
  int exec(std::string& text) const { return size_of(text); }
};

struct exec_takes_more {
  int prep() const { return 1; }
  int exec(int first, int second) const { return first + second; }
};

struct exec_without_prep {
  int exec(int number) const { return number; }
};

struct fallback_takes_type {
  std::string prep() const { return "text"; }
  int exec(std::string text) const { return size_of(text); }
  int fallback(int number, const troupe::error&) const { return number; }
};

struct fallback_takes_more {
  int exec() const { return 1; }
  int fallback(int number) const { return number; }
};

struct fallback_takes_exception {
  int exec() const { return 1; }
  int fallback(const std::exception&) const { return 1; }
};

struct fallback_returns_type {
  int exec() const { return 1; }
  std::string fallback() const { return "1"; }
};

struct fallback_alone {
  int fallback() const { return 1; }
  void post(troupe::state&) const {}
};

struct post_takes_type {
  int exec() const { return 1; }
  void post(troupe::state&, std::string) const {}
};

struct post_leaves_out_prep {
  std::string prep() const { return "text"; }
  std::vector<int> exec() const { return {}; }
  void post(troupe::state&, const std::vector<int>&) const {}
};

struct post_takes_more {
  int exec() const { return 1; }
  void post(troupe::state&, int, int) const {}
};

struct post_returns_bool {
  bool post(troupe::state&) const { return true; }
};

struct prep_returns_reference {
  const std::string& prep() const { return text; }
  std::string text;
};

struct exec_without_form {
  std::unique_lock<std::mutex> exec() const { return {}; }
};

struct prep_without_form {
  std::mutex* prep() const { return nullptr; }
};

struct exec_by_reference {
  std::string prep() const { return "text"; }
  troupe::task<int> exec(const std::string& text) const {
    co_return size_of(text);
  }
};

struct exec_by_view {
  std::string prep() const { return "text"; }
  troupe::task<int> exec(std::string_view text) const {
    co_return size_of(text);
  }
};

struct post_by_span {
  std::vector<int> exec() const { return {1, 2}; }
  troupe::task<> post(troupe::state&, std::span<const int>) const { co_return; }
};

struct exec_gives_view {
  std::string prep() const { return "text"; }
  troupe::task<std::string_view> exec(std::string text) const {
    co_return text;
  }
};

struct no_phases {
  void execute() const {}
};

struct moves_only {
  int exec() const { return 1; }
  std::unique_ptr<int> kept;
};

struct item_by_view {
  std::vector<std::string> prep() const { return {"text"}; }
  troupe::task<int> exec(std::string_view text) const {
    co_return size_of(text);
  }
};

struct item_of_type {
  std::vector<std::string> prep() const { return {"text"}; }
  int exec(int number) const { return number; }
};

struct items_of_post {
  std::vector<std::string> prep() const { return {"text"}; }
  int exec(const std::string& text) const { return size_of(text); }
  void post(troupe::state&, const std::string&, int) const {}
};

struct items_are_none {
  int prep() const { return 1; }
  int exec(int number) const { return number; }
};

void wire_shapes(troupe::flow_builder& b) {
  // says: exec of this node is overloaded or a template
  b.add("n", exec_overloaded{});
  // says: exec of this node is overloaded or a template
  b.add("n", exec_overloaded_by_type{});
  // says: exec of this node is overloaded or a template
  b.add("n", exec_template{});
  // says: post of this node is overloaded or a template
  b.add("n", post_overloaded{});
  // says: prep of this node is private or protected: make it public
  b.add("n", prep_private{});
  // says: exec of this node is private or protected: make it public
  b.add("n", exec_private{});
  // says: exec of this node is private or protected: make it public
  b.add("n", exec_protected{});
  // says: fallback of this node is private or protected: make it public
  b.add("n", fallback_private{});
  // says: post of this node is private or protected: make it public
  b.add("n", post_private{});
  // says: exec of this node is static; write it without static
  b.add("n", exec_static{});
  // says: post of this node is static; write it without static
  b.add("n", post_static{});
  // says: exec of this node is a data member; write it as a const
  b.add("n", exec_is_data{});
  // says: prep of this node must be const: a node is shared by all
  b.add("n", prep_not_const{});
  // says: exec of this node must be const: a node is shared by all
  b.add("n", exec_not_const{});
  // says: fallback of this node must be const: a node is shared by all
  b.add("n", fallback_not_const{});
  // says: post of this node must be const: a node is shared by all
  b.add("n", post_not_const{});
  // says: prep takes the state to write, and only post may write the
  b.add("n", prep_writes_state{});
  // says: exec takes the state to write, and only post may write the
  b.add("n", exec_writes_state{});
  // says: prep takes the state by value, and writes to a copy
  b.add("n", prep_copies_state{});
  // says: exec takes the state by value, and writes to a copy
  b.add("n", exec_copies_state{});
  // says: post takes the state by value, and writes to a copy
  b.add("n", post_copies_state{});
  // says: exec takes the context by value; take it as context&
  b.add("n", exec_copies_context{});
  // says: exec takes an error, which only fallback is given
  b.add("n", exec_takes_error{});
  // says: fallback takes the error to write; take it as const
  b.add("n", fallback_writes_error{});
}

void wire_values(troupe::flow_builder& b) {
  // says: prep comes first and is given no value
  b.add("n", prep_takes_value{});
  // says: exec takes another type than prep returns: take the type
  b.add("n", exec_takes_type{});
  // says: exec takes another type than prep returns: take the type
  b.add("n", exec_takes_to_write{});
  // says: exec takes more values than prep returns
  b.add("n", exec_takes_more{});
  // says: exec takes more values than prep returns
  b.add("n", exec_without_prep{});
  // says: fallback takes another type than prep returns
  b.add("n", fallback_takes_type{});
  // says: fallback takes more values than prep returns
  b.add("n", fallback_takes_more{});
  // says: fallback takes an exception of another kind: take the failure
  b.add("n", fallback_takes_exception{});
  // says: fallback returns another type than exec
  b.add("n", fallback_returns_type{});
  // says: a node with a fallback needs an exec that can fail
  b.add("n", fallback_alone{});
  // says: post takes another type than prep or exec returns
  b.add("n", post_takes_type{});
  // says: what prep returns, then what exec returns, in this order
  b.add("n", post_leaves_out_prep{});
  // says: post takes more values than prep and exec return
  b.add("n", post_takes_more{});
  // says: post returns what is no action: return a troupe::action
  b.add("n", post_returns_bool{});
  // says: prep returns a reference, which dangles after the step
  b.add("n", prep_returns_reference{});
  // says: what exec returns needs a JSON form
  b.add("n", exec_without_form{});
  // says: what prep returns needs a JSON form
  b.add("n", prep_without_form{});
  // says: exec waits, and a coroutine must take its input by value
  b.add("n", exec_by_reference{});
  // says: exec waits, and a coroutine must take its input by value
  b.add("n", exec_by_view{});
  // says: post waits, and a coroutine must take its input by value
  b.add("n", post_by_span{});
  // says: exec waits, and a coroutine must give a value, not a view
  b.add("n", exec_gives_view{});
  // says: this class has none of prep, exec and post
  b.add("n", no_phases{});
  // says: a node must be copyable, because one object serves all runs
  b.add("n", moves_only{});
  // says: exec waits, and a coroutine must take its input by value
  b.add("n", troupe::each(item_by_view{}));
  // says: exec takes another type than prep returns
  b.add("n", troupe::each(item_of_type{}));
  // says: post takes another type than prep or exec returns
  b.add("n", troupe::each(items_of_post{}));
  // says: prep of a batch node must return a range of items
  troupe::each(items_are_none{});
  // says: a batch node needs a prep that returns the items
  troupe::each([](troupe::state&) {});
}

}  // namespace
