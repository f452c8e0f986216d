#include "test/torch/operator_cases.h"

namespace rcc {

namespace {

using B = GraphBuilder;
using K = OpKind;

template <OpKind kind>
Value* unary(B& b) {
  return &b.add(kind, {&b.input({2, 3, 5})});
}
// Of numbers between -1 and 1.
template <OpKind kind>
Value* unary_of_small(B& b) {
  return &b.add(kind, {&b.add(K::tanh, {&b.input({2, 3, 5})})});
}
template <OpKind kind>
Value* bits(B& b) {
  return &b.add(kind, {&b.ints({12, -7, 9}), &b.ints({10, 3, -4})});
}
template <OpKind kind>
Value* reduce(B& b) {
  Value& x = b.add(K::exp, {&b.input({2, 3, 4})});
  Value& some = b.add(kind, {&x}, {{attr::axes, Ints{-1, 0}}, {attr::keepdims, std::int64_t{0}}});
  return &b.add(K::add, {&some, &b.add(kind, {&x})});
}
template <OpKind kind>
Value* arg(B& b) {
  return &b.add(kind, {&b.input({2, 5, 3})}, {{attr::axis, std::int64_t{1}}});
}
template <OpKind kind>
Value* blocks(B& b, std::vector<std::int64_t> shape, std::string_view mode) {
  return &b.add(kind, {&b.input(Shape(shape.begin(), shape.end()))},
                {{attr::blocksize, std::int64_t{2}}, {attr::mode, std::string(mode)}});
}

std::vector<OperatorCase> element_cases() {
  return {
      {"sin", unary<K::sin>},
      {"cos", unary<K::cos>},
      {"tan", unary_of_small<K::tan>},
      {"asin", unary_of_small<K::asin>},
      {"acos", unary_of_small<K::acos>},
      {"atan", unary<K::atan>},
      {"sinh", unary<K::sinh>},
      {"cosh", unary<K::cosh>},
      {"asinh", unary<K::asinh>},
      {"acosh",
       [](B& b) {
         Value& x = b.add(K::exp, {&b.input({2, 3})});
         return &b.add(K::acosh, {&b.add(K::add, {&x, &b.scalar(1)})});
       }},
      {"atanh",
       [](B& b) {
         Value& x = b.add(K::tanh, {&b.input({2, 3})});
         return &b.add(K::atanh, {&b.add(K::mul, {&x, &b.scalar(0.5F)})});
       }},
      {"celu",
       [](B& b) {
         return &b.add(K::celu, {&b.input({20})}, {{attr::alpha, 1.5F}});
       }},
      {"thresholded_relu", unary<K::thresholded_relu>},
      {"softsign", unary<K::softsign>},
      {"swish",
       [](B& b) {
         return &b.add(K::swish, {&b.input({20})}, {{attr::alpha, 1.5F}});
       }},
      {"shrink",
       [](B& b) {
         return &b.add(K::shrink, {&b.input({20})}, {{attr::bias, 0.25F}});
       }},
      {"cast_like",
       [](B& b) {
         return &b.add(K::cast_like, {&b.input({20}), &b.constant<std::int32_t>({1}, {0})});
       }},
      {"bitwise_not",
       [](B& b) {
         return &b.add(K::bitwise_not, {&b.ints({0, 5, -9})});
       }},
      {"bitwise_and", bits<K::bitwise_and>},
      {"bitwise_or", bits<K::bitwise_or>},
      {"bitwise_xor", bits<K::bitwise_xor>},
  };
}

std::vector<OperatorCase> part_cases() {
  return {
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
      {"reduce_l1", reduce<K::reduce_l1>},
      {"reduce_sum_square", reduce<K::reduce_sum_square>},
      {"reduce_log_sum", reduce<K::reduce_log_sum>},
      {"reduce_log_sum_exp", reduce<K::reduce_log_sum_exp>},
      {"arg_max", arg<K::arg_max>},
      {"arg_min", arg<K::arg_min>},
      {"depth_to_space",
       [](B& b) {
         return blocks<K::depth_to_space>(b, {2, 8, 2, 3}, "DCR");
       }},
      {"depth_to_space_crd",
       [](B& b) {
         return blocks<K::depth_to_space>(b, {2, 8, 2, 3}, "CRD");
       }},
      {"space_to_depth",
       [](B& b) {
         return blocks<K::space_to_depth>(b, {2, 3, 4, 6}, "DCR");
       }},
      {"space_to_depth_crd",
       [](B& b) {
         return blocks<K::space_to_depth>(b, {2, 3, 4, 6}, "CRD");
       }},
      {"cum_prod",
       [](B& b) {
         return &b.add(K::cum_prod, {&b.input({2, 4}), &b.constant<std::int64_t>({}, {1})},
                       {{attr::reverse, std::int64_t{1}}});
       }},
  };
}

}  // namespace

std::vector<OperatorCase> rare_cases() {
  std::vector<OperatorCase> cases = element_cases();
  for (const OperatorCase& each : part_cases()) cases.push_back(each);
  return cases;
}

}  // namespace rcc
