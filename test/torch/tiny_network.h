#pragma once

#include "test/torch/graph_builder.h"

namespace rcc {

// conv 3x3 (1 -> 4), batch norm, relu, global average, gemm (4 -> 2): f32[N,1,4,4] to scores.
struct TinyNetwork {
  TinyNetwork();

  GraphBuilder b;
  Value* conv_weight;
  Value* gamma;
  Value* mean;
  Value* gemm_weight;
  Value* gemm_bias;
};

inline TinyNetwork::TinyNetwork() {
  Value& x = b.input({b.graph.symbols().intern("N"), 1, 4, 4});
  conv_weight = &b.weight({4, 1, 3, 3});
  Value& conv = b.add(OpKind::conv, {&x, conv_weight}, {{attr::pads, Ints{1, 1, 1, 1}}});
  gamma = &b.constant<float>({4}, {1, 1, 1, 1});
  mean = &b.constant<float>({4}, {0, 0, 0, 0});
  Value& norm = b.add(OpKind::batch_norm,
                      {&conv, gamma, &b.weight({4}), mean, &b.constant<float>({4}, {1, 1, 1, 1})});
  Value& pooled = b.add(OpKind::global_average_pool, {&b.add(OpKind::relu, {&norm})});
  gemm_weight = &b.weight({4, 2});
  gemm_bias = &b.weight({2});
  b.graph.add_output(
      b.add(OpKind::gemm, {&b.add(OpKind::flatten, {&pooled}), gemm_weight, gemm_bias}));
}

}  // namespace rcc
