// Weak stand-ins until the interpreter, the text form and the verifier are here; their strong
// definitions win.
#include "ir/cost.h"
#include "ir/interpreter.h"
#include "ir/text.h"
#include "ir/verifier.h"

namespace rcc {

#define RCC_WEAK __attribute__((weak))

namespace {
tl::unexpected<Error> pending() { return fail(ErrorKind::environment, "not built yet"); }
}  // namespace

RCC_WEAK Result<std::vector<Tensor>> interpret(const Node&, std::span<const Tensor* const>) {
  return pending();
}
RCC_WEAK Result<std::vector<Tensor>> interpret(const Graph&, std::span<const Tensor>) {
  return pending();
}
RCC_WEAK Result<std::vector<Tensor>> sample_inputs(const Graph&, std::uint64_t, std::int64_t,
                                                   std::int64_t) {
  return pending();
}
RCC_WEAK double relative_difference(const Tensor&, const Tensor&) { return 0; }
RCC_WEAK Result<void> verify(const Graph&) { return {}; }
RCC_WEAK Result<Graph> parse_graph(std::string_view, std::string_view, const ParseOptions&) {
  return pending();
}
RCC_WEAK Result<std::string> print(const Graph&, const PrintOptions&) { return pending(); }

RCC_WEAK Cost cost(const Graph&) { return {}; }

}  // namespace rcc
