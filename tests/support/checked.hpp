#pragma once

namespace troupe_test {

/// A `T` whose invariants are checked after each call through `->`.
template <class T>
class checked : public T {
  template <class Of>
  class call {
   public:
    explicit call(Of& of) : of_(of) {}
    call(const call&) = delete;
    call& operator=(const call&) = delete;
    ~call() { of_.check(); }
    Of* operator->() const { return &of_; }

   private:
    Of& of_;
  };

 public:
  using T::T;
  call<T> operator->() { return call<T>{*this}; }
  call<const T> operator->() const { return call<const T>{*this}; }
};

}  // namespace troupe_test
