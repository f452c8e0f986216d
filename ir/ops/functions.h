#pragma once

#include "ir/op.h"

namespace rcc {

using Operands = std::span<const Tensor* const>;
using Types = std::vector<Type>;
using Tensors = std::vector<Tensor>;

// The functions that the rows of op.def name. A shape function may rely on required operands being
// present; an interpreter function also on static types without contradictions, as the shape
// function gives them for the very tensors that it receives (see interpret in ir/interpreter.cpp).

using Infer = Result<Types>(const Node& node, const Graph& graph);
Infer infer_same, infer_binary, infer_comparison, infer_where, infer_pow, infer_prelu, infer_clip,
    infer_cast, infer_dropout;
Infer infer_conv, infer_conv_transpose, infer_conv_integer, infer_gemm, infer_matmul,
    infer_matmul_integer;
Infer infer_batch_norm, infer_layer_norm, infer_softmax;
Infer infer_pool, infer_global_pool, infer_reduce;
Infer infer_flatten, infer_reshape, infer_transpose, infer_squeeze, infer_unsqueeze, infer_expand;
Infer infer_concat, infer_split, infer_slice, infer_gather, infer_pad, infer_shape,
    infer_constant_of_shape;
Infer infer_quantize, infer_dequantize, infer_dynamic_quantize;

using Interpret = Result<Tensors>(const Node& node, Operands operands);
inline constexpr InterpretFunction interpret_relu = nullptr, interpret_leaky_relu = nullptr,
                                   interpret_elu = nullptr, interpret_selu = nullptr,
                                   interpret_softplus = nullptr, interpret_sigmoid = nullptr,
                                   interpret_tanh = nullptr, interpret_hard_sigmoid = nullptr,
                                   interpret_hard_swish = nullptr, interpret_gelu = nullptr,
                                   interpret_mish = nullptr, interpret_erf = nullptr,
                                   interpret_exp = nullptr, interpret_log = nullptr,
                                   interpret_sqrt = nullptr, interpret_reciprocal = nullptr,
                                   interpret_neg = nullptr, interpret_abs = nullptr,
                                   interpret_sign = nullptr, interpret_floor = nullptr,
                                   interpret_ceil = nullptr, interpret_round = nullptr,
                                   interpret_prelu = nullptr, interpret_clip = nullptr,
                                   interpret_cast = nullptr, interpret_identity = nullptr,
                                   interpret_dropout = nullptr;
inline constexpr InterpretFunction interpret_add = nullptr, interpret_sub = nullptr,
                                   interpret_mul = nullptr, interpret_div = nullptr,
                                   interpret_pow = nullptr, interpret_min = nullptr,
                                   interpret_max = nullptr, interpret_equal = nullptr,
                                   interpret_greater = nullptr, interpret_less = nullptr,
                                   interpret_where = nullptr;
inline constexpr InterpretFunction interpret_conv = nullptr, interpret_conv_transpose = nullptr,
                                   interpret_conv_integer = nullptr, interpret_gemm = nullptr,
                                   interpret_matmul = nullptr, interpret_matmul_integer = nullptr;
inline constexpr InterpretFunction interpret_batch_norm = nullptr, interpret_layer_norm = nullptr,
                                   interpret_softmax = nullptr, interpret_log_softmax = nullptr;
inline constexpr InterpretFunction interpret_max_pool = nullptr, interpret_average_pool = nullptr,
                                   interpret_global_average_pool = nullptr,
                                   interpret_global_max_pool = nullptr;
inline constexpr InterpretFunction interpret_reduce_mean = nullptr, interpret_reduce_sum = nullptr,
                                   interpret_reduce_max = nullptr, interpret_reduce_min = nullptr,
                                   interpret_reduce_prod = nullptr, interpret_reduce_l2 = nullptr;
inline constexpr InterpretFunction interpret_reshape = nullptr, interpret_transpose = nullptr,
                                   interpret_expand = nullptr, interpret_concat = nullptr,
                                   interpret_split = nullptr, interpret_slice = nullptr,
                                   interpret_gather = nullptr, interpret_pad = nullptr,
                                   interpret_shape = nullptr, interpret_constant_of_shape = nullptr;
inline constexpr InterpretFunction interpret_quantize = nullptr, interpret_dequantize = nullptr,
                                   interpret_dynamic_quantize = nullptr;

using Link = void(const Node& node, std::vector<AxisLink>& links);
// link_nothing says that every axis is fixed, as opposed to a row that forgot.
Link link_nothing, link_conv, link_conv_transpose, link_gemm, link_matmul, link_layer_norm,
    link_softmax, link_reduce, link_reshape, link_transpose, link_squeeze, link_unsqueeze,
    link_expand, link_concat, link_split, link_slice, link_gather, link_pad, link_quantize;

using Macs = std::uint64_t(const Node& node);
Macs macs_conv, macs_conv_transpose, macs_gemm, macs_matmul;

using PreservesZero = bool(const Node& node);
PreservesZero hard_sigmoid_preserves_zero, clip_preserves_zero, div_preserves_zero,
    pow_preserves_zero, pad_preserves_zero;

using Resize = Result<void>(Node& node, Graph& graph);
Resize resize_conv, resize_conv_transpose, resize_reshape, resize_expand, resize_split;

}  // namespace rcc
