#include "troupe/once.hpp"

namespace troupe::detail {

void refuse_effect(const known_effect& known, std::string_view name) {
  const std::string quoted = "the effect '" + std::string{name} + "' ";
  if (known.how == known_effect::kind::twice) {
    throw permanent_error{
        quoted + "comes twice in one attempt of the step: give each its name"};
  }
  throw error{errc::effect_unknown,
              quoted +
                  "began in an earlier life of the run, which ended before it "
                  "could say how the effect did; look, and write it down with "
                  "'troupe runs settle'"};
}

void effect_beginning::receive(void* answer) {
  failure_ = *static_cast<std::shared_ptr<const error>*>(answer);
}

known_effect effect_beginning::await_resume() {
  if (failure_) throw error{*failure_};
  const bool again = options_.if_unknown == if_unknown::again;
  if (known_.how == known_effect::kind::twice ||
      (known_.how == known_effect::kind::unknown && !again)) {
    refuse_effect(known_, which_.name);
  }
  return std::move(known_);
}

void effect_end::receive(void* answer) {
  failure_ = *static_cast<std::shared_ptr<const error>*>(answer);
}

void effect_end::await_resume() {
  if (failure_) throw error{*failure_};
}

}  // namespace troupe::detail
