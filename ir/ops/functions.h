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
    infer_cast, infer_cast_like, infer_dropout, infer_test, infer_logical, infer_bits;
Infer infer_conv, infer_conv_transpose, infer_conv_integer, infer_gemm, infer_matmul,
    infer_matmul_integer;
Infer infer_batch_norm, infer_layer_norm, infer_softmax, infer_instance_norm, infer_group_norm,
    infer_rms_norm, infer_lp_norm, infer_local_response_norm;
Infer infer_pool, infer_global_pool, infer_lp_pool, infer_global_lp_pool, infer_reduce,
    infer_resize;
Infer infer_flatten, infer_reshape, infer_transpose, infer_squeeze, infer_unsqueeze, infer_expand;
Infer infer_concat, infer_split, infer_slice, infer_gather, infer_pad, infer_shape,
    infer_constant_of_shape;
Infer infer_gather_elements, infer_gather_nd, infer_scatter_elements, infer_scatter_nd, infer_tile,
    infer_depth_to_space, infer_space_to_depth, infer_trilu, infer_running, infer_reverse_sequence,
    infer_einsum, infer_size, infer_range, infer_eye_like;
Infer infer_arg, infer_top_k, infer_one_hot, infer_non_zero, infer_compress;
Infer infer_quantize, infer_dequantize, infer_dynamic_quantize;

using Interpret = Result<Tensors>(const Node& node, Operands operands);
Interpret interpret_relu, interpret_leaky_relu, interpret_elu, interpret_selu, interpret_softplus,
    interpret_sigmoid, interpret_tanh, interpret_hard_sigmoid, interpret_hard_swish, interpret_gelu,
    interpret_mish, interpret_erf, interpret_exp, interpret_log, interpret_sqrt,
    interpret_reciprocal, interpret_neg, interpret_abs, interpret_sign, interpret_floor,
    interpret_ceil, interpret_round, interpret_prelu, interpret_clip, interpret_cast,
    interpret_identity, interpret_dropout;
Interpret interpret_sin, interpret_cos, interpret_tan, interpret_asin, interpret_acos,
    interpret_atan, interpret_sinh, interpret_cosh, interpret_asinh, interpret_acosh,
    interpret_atanh, interpret_celu, interpret_thresholded_relu, interpret_softsign,
    interpret_swish, interpret_shrink, interpret_is_nan, interpret_is_inf, interpret_logical_not,
    interpret_bitwise_not;
Interpret interpret_sum, interpret_mean, interpret_mod, interpret_bitwise_and, interpret_bitwise_or,
    interpret_bitwise_xor, interpret_bit_shift, interpret_logical_and, interpret_logical_or,
    interpret_logical_xor, interpret_greater_or_equal, interpret_less_or_equal;
Interpret interpret_add, interpret_sub, interpret_mul, interpret_div, interpret_pow, interpret_min,
    interpret_max, interpret_equal, interpret_greater, interpret_less, interpret_where;
Interpret interpret_conv, interpret_conv_transpose, interpret_conv_integer, interpret_gemm,
    interpret_matmul, interpret_matmul_integer;
Interpret interpret_batch_norm, interpret_layer_norm, interpret_softmax, interpret_log_softmax,
    interpret_hardmax, interpret_instance_norm, interpret_group_norm, interpret_rms_norm,
    interpret_lp_norm, interpret_local_response_norm;
Interpret interpret_max_pool, interpret_average_pool, interpret_global_average_pool,
    interpret_global_max_pool, interpret_lp_pool, interpret_global_lp_pool, interpret_resize;
Interpret interpret_reduce_mean, interpret_reduce_sum, interpret_reduce_max, interpret_reduce_min,
    interpret_reduce_prod, interpret_reduce_l2, interpret_reduce_l1, interpret_reduce_sum_square,
    interpret_reduce_log_sum, interpret_reduce_log_sum_exp;
Interpret interpret_arg_max, interpret_arg_min, interpret_top_k, interpret_one_hot,
    interpret_non_zero, interpret_compress;
Interpret interpret_gather_elements, interpret_gather_nd, interpret_scatter_elements,
    interpret_scatter_nd, interpret_tile, interpret_depth_to_space, interpret_space_to_depth,
    interpret_trilu, interpret_cum_sum, interpret_cum_prod, interpret_reverse_sequence,
    interpret_einsum, interpret_size, interpret_range, interpret_eye_like;
Interpret interpret_reshape, interpret_transpose, interpret_expand, interpret_concat,
    interpret_split, interpret_slice, interpret_gather, interpret_pad, interpret_shape,
    interpret_constant_of_shape;
Interpret interpret_quantize, interpret_dequantize, interpret_dynamic_quantize;

using Link = void(const Node& node, std::vector<AxisLink>& links);
// link_nothing says that every axis is fixed, as opposed to a row that forgot.
Link link_nothing, link_conv, link_conv_transpose, link_gemm, link_matmul, link_layer_norm,
    link_softmax, link_reduce, link_reshape, link_transpose, link_squeeze, link_unsqueeze,
    link_expand, link_concat, link_split, link_slice, link_gather, link_pad, link_quantize;
Link link_gather_elements, link_gather_nd, link_scatter_elements, link_scatter_nd, link_tile,
    link_depth_to_space, link_space_to_depth, link_running, link_reverse_sequence, link_einsum,
    link_arg, link_resize, link_top_k, link_one_hot, link_compress;

using Macs = std::uint64_t(const Node& node);
Macs macs_conv, macs_conv_transpose, macs_gemm, macs_matmul;

using PreservesZero = bool(const Node& node);
PreservesZero hard_sigmoid_preserves_zero, shrink_preserves_zero, clip_preserves_zero,
    div_preserves_zero, pow_preserves_zero, pad_preserves_zero, resize_preserves_zero;

using Resize = Result<void>(Node& node, Graph& graph);
Resize resize_conv, resize_conv_transpose, resize_reshape, resize_expand, resize_split,
    resize_resize;

}  // namespace rcc
