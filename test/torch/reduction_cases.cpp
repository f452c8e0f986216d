#include "test/torch/operator_cases.h"

namespace rcc {

namespace {

using B = GraphBuilder;
using K = OpKind;

Value* reduce_twice(B& b, OpKind kind, Value& x) {
  Value& some = b.add(kind, {&x}, {{attr::axes, Ints{-1, 0}}, {attr::keepdims, std::int64_t{0}}});
  return &b.add(K::add, {&some, &b.add(kind, {&x})});
}
template <OpKind kind>
Value* reduce(B& b) {
  return reduce_twice(b, kind, b.input({2, 3, 4}));
}
template <OpKind kind>
Value* reduce_positive(B& b) {
  return reduce_twice(b, kind, b.add(K::exp, {&b.input({2, 3, 4})}));
}

// Nothing is reduced, but the function of each element applies.
template <OpKind kind>
Value* reduce_nothing(B& b) {
  return &b.add(kind, {&b.input({2, 3})}, {{attr::noop_with_empty_axes, std::int64_t{1}}});
}

template <OpKind kind>
Value* arg(B& b) {
  return &b.add(kind, {&b.input({2, 5, 3})}, {{attr::axis, std::int64_t{1}}});
}

std::vector<OperatorCase> axis_cases() {
  return {
      {"reduce_mean", reduce<K::reduce_mean>},
      {"reduce_sum", reduce<K::reduce_sum>},
      {"reduce_max", reduce<K::reduce_max>},
      {"reduce_min", reduce<K::reduce_min>},
      {"reduce_prod", reduce<K::reduce_prod>},
      {"reduce_l2", reduce<K::reduce_l2>},
      {"reduce_sum_of_nothing", reduce_nothing<K::reduce_sum>},
      {"reduce_l1_of_nothing", reduce_nothing<K::reduce_l1>},
      {"reduce_l2_of_nothing", reduce_nothing<K::reduce_l2>},
      {"reduce_log_sum_exp_of_nothing", reduce_nothing<K::reduce_log_sum_exp>},
      {"reduce_l1_of_integers",
       [](B& b) {
         return &b.add(K::reduce_l1, {&b.constant<std::int32_t>({3}, {1, -2, 4})});
       }},
      {"reduce_l1", reduce<K::reduce_l1>},
      {"reduce_sum_square", reduce<K::reduce_sum_square>},
      {"reduce_log_sum", reduce_positive<K::reduce_log_sum>},
      {"reduce_log_sum_exp", reduce<K::reduce_log_sum_exp>},
      {"arg_max", arg<K::arg_max>},
      {"arg_min", arg<K::arg_min>},
      {"cum_sum",
       [](B& b) {
         return &b.add(K::cum_sum, {&b.input({2, 4}), &b.constant<std::int64_t>({}, {1})},
                       {{attr::exclusive, std::int64_t{1}}, {attr::reverse, std::int64_t{1}}});
       }},
      {"cum_prod",
       [](B& b) {
         return &b.add(K::cum_prod, {&b.input({2, 4}), &b.constant<std::int64_t>({}, {1})},
                       {{attr::reverse, std::int64_t{1}}});
       }},
  };
}

std::vector<OperatorCase> normalization_cases() {
  return {
      {"batch_norm",
       [](B& b) {
         return &b.add(K::batch_norm, {&b.input({2, 3, 4, 4}), &b.weight({3}), &b.weight({3}),
                                       &b.weight({3}), &b.weight({3}, 1.5F)});
       }},
      {"layer_norm",
       [](B& b) {
         return &b.add(K::layer_norm, {&b.input({2, 3, 4}), &b.weight({4}), &b.weight({4})});
       }},
      {"softmax",
       [](B& b) {
         return &b.add(K::softmax, {&b.input({2, 5, 3})}, {{attr::axis, std::int64_t{1}}});
       }},
      {"log_softmax",
       [](B& b) {
         return &b.add(K::log_softmax, {&b.input({2, 5})});
       }},
      {"instance_norm",
       [](B& b) {
         return &b.add(K::instance_norm, {&b.input({2, 3, 4, 5}), &b.weight({3}), &b.weight({3})});
       }},
      {"group_norm",
       [](B& b) {
         return &b.add(K::group_norm, {&b.input({2, 6, 3, 3}), &b.weight({6}), &b.weight({6})},
                       {{attr::num_groups, std::int64_t{2}}});
       }},
      {"rms_norm",
       [](B& b) {
         return &b.add(K::rms_norm, {&b.input({2, 3, 4}), &b.weight({3, 4})},
                       {{attr::axis, std::int64_t{1}}});
       }},
      {"lp_norm",
       [](B& b) {
         return &b.add(K::lp_norm, {&b.input({2, 3, 4})},
                       {{attr::axis, std::int64_t{1}}, {attr::p, std::int64_t{1}}});
       }},
  };
}

}  // namespace

std::vector<OperatorCase> reduction_cases() {
  return joined({axis_cases(), normalization_cases()});
}

}  // namespace rcc
