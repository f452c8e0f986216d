#pragma once

#include <optional>
#include <string>

#include "frontends/onnx/node_form.h"

// Steps of the version table that take more than moving or dropping one attribute. Each changes the
// form in place, or says why it cannot.
namespace rcc::version_steps {

using Refusal = std::optional<std::string>;
using Function = Refusal (*)(NodeForm&);

Refusal nothing(NodeForm& form);
// The meaning changed too much to follow.
Refusal refuse(NodeForm& form);

Refusal raise_batch_norm_14(NodeForm& form);
Refusal lower_batch_norm_14(NodeForm& form);
Refusal refuse_dropout_mask(NodeForm& form);
Refusal lower_bit_shift_28(NodeForm& form);
Refusal lower_broadcast_8(NodeForm& form);
Refusal lower_dropout_12(NodeForm& form);
Refusal lower_gemm_11(NodeForm& form);
Refusal lower_mod_28(NodeForm& form);
Refusal lower_pad_18(NodeForm& form);
Refusal lower_pad_19(NodeForm& form);
Refusal lower_quantize_13(NodeForm& form);
Refusal lower_quantize_19(NodeForm& form);
Refusal lower_quantize_21(NodeForm& form);
// An Upsample on its way to Resize, which took its place with opset 10, and back.
Refusal raise_upsample_9(NodeForm& form);
Refusal lower_upsample_9(NodeForm& form);
Refusal raise_upsample_10(NodeForm& form);
Refusal lower_upsample_10(NodeForm& form);
Refusal raise_resize_11(NodeForm& form);
Refusal lower_resize_11(NodeForm& form);
Refusal raise_resize_13(NodeForm& form);
Refusal lower_resize_13(NodeForm& form);
Refusal lower_resize_19(NodeForm& form);
Refusal lower_scatter_18(NodeForm& form);
Refusal lower_slice_10(NodeForm& form);
Refusal raise_softmax_13(NodeForm& form);
Refusal lower_softmax_13(NodeForm& form);
Refusal raise_split_18(NodeForm& form);
Refusal lower_split_18(NodeForm& form);

}  // namespace rcc::version_steps
