#pragma once

#include "ir/graph.h"

namespace rcc {

// Whether `value` has the sizes of `source` for how it is computed from it, whatever they are: one
// element at a time, with constants and means of it that do not make it larger.
bool has_sizes_of(const Value& value, const Value& source);

}  // namespace rcc
