#pragma once

// The sentences of `added_node` on a phase, after its name, as literals.
// <troupe/detail/node/added_node.hpp> takes these names away again.

// clang-format off
#define TROUPE_SAYS_SEVERAL                                                    \
  " of this node is overloaded or a template; the runtime needs exactly "      \
  "one: give the others other names, and a template types"
#define TROUPE_SAYS_HIDDEN                                                     \
  " of this node is private or protected: make it public (or, if it is, "      \
  "leave one of it that is no template)"
#define TROUPE_SAYS_DATA                                                       \
  " of this node is a data member; write it as a const member function"
#define TROUPE_SAYS_STATIC                                                     \
  " of this node is static; write it without static, as a const member "       \
  "function"
#define TROUPE_SAYS_CONST                                                      \
  " of this node must be const: a node is shared by all runs, what belongs "   \
  "to a run goes into its state; write const after its parameters"
#define TROUPE_SAYS_WRITES                                                     \
  " takes the state to write, and only post may write the state; take it "     \
  "as const state&"
#define TROUPE_SAYS_COPIES                                                     \
  " takes the state by value, and writes to a copy of the state are lost: "    \
  "take it as const state&"
#define TROUPE_SAYS_CONTEXT                                                    \
  " takes the context by value; take it as context&"
#define TROUPE_SAYS_ERROR                                                      \
  " takes an error, which only fallback is given; leave it out"
#define TROUPE_SAYS_REFERENCE                                                  \
  " returns a reference, which dangles after the step; return a value"
#define TROUPE_SAYS_BY_VALUE                                                   \
  " waits, and a coroutine must take its input by value: a reference may "     \
  "dangle when it goes on"
#define TROUPE_SAYS_OWNER                                                      \
  " waits, and a coroutine must take its input by value: a view of the "       \
  "result of the phase before dangles when it goes on; take the owner"
#define TROUPE_SAYS_VIEW                                                       \
  " waits, and a coroutine must give a value, not a view of its input, "       \
  "which ends with it"
#define TROUPE_SAYS_FORM                                                       \
  " returns needs a JSON form, because a step may be stored or sent: write "   \
  "nlohmann's to_json or NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE for it, or "       \
  "return troupe::local_only of it"
// clang-format on
