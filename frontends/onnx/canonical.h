#pragma once

#include <optional>
#include <string>

#include "frontends/onnx/node_form.h"

// The rows of the operator table differ from ONNX's newest form in a few points: constant axes and
// split sizes are attributes, element types are named, the kernel's shape of a convolution is that of
// its weight, auto_pad is resolved where the sizes are known.
namespace rcc {

// From ONNX's newest form to that of `row`. The reason when it cannot be done.
std::optional<std::string> to_row_form(NodeForm& form, const OpInfo& row);

// Back to ONNX's newest form; also spells out for other readers what the row leaves open.
std::optional<std::string> to_onnx_form(NodeForm& form, const OpInfo& row);

}  // namespace rcc
