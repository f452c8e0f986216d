#include "test/torch/operator_cases.h"

namespace rcc {

namespace {

using B = GraphBuilder;
using K = OpKind;

template <OpKind kind>
Value* unary(B& b) {
  return &b.add(kind, {&b.input({2, 3, 5})});
}
template <OpKind kind>
Value* unary_of_positive(B& b) {
  return &b.add(kind, {&b.add(K::exp, {&b.input({2, 3, 5})})});
}
template <OpKind kind>
Value* binary(B& b) {
  return &b.add(kind, {&b.input({2, 3, 4}), &b.weight({3, 1}, 2)});
}
template <OpKind kind>
Value* compare(B& b) {
  Value& chosen = b.add(kind, {&b.input({2, 3, 4}), &b.weight({4})});
  return &b.add(K::where, {&chosen, &b.weight({2, 3, 4}), &b.scalar(7)});
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
// 1 or 2 where the operator says true or false.
Value* chosen(B& b, Value& condition) {
  return &b.add(K::where, {&condition, &b.scalar(1), &b.scalar(2)});
}
template <OpKind kind>
Value* logic(B& b) {
  Value& x = b.input({2, 3, 4});
  Value& left = b.add(K::greater, {&x, &b.scalar(0)});
  Value& right = b.add(K::less, {&x, &b.weight({4})});
  return chosen(b, b.add(kind, {&left, &right}));
}
template <OpKind kind>
Value* compare_rounded(B& b) {
  Value& rounded = b.add(K::round, {&b.input({2, 3, 4})});
  return chosen(b, b.add(kind, {&rounded, &b.constant<float>({4}, {-1, 0, 1, 0})}));
}
template <OpKind kind>
Value* variadic(B& b) {
  return &b.add(kind, {&b.input({2, 3, 4}), &b.weight({3, 1}), &b.weight({4})});
}
template <OpKind kind>
Value* test_each(B& b) {
  Value& x = b.add(K::div, {&b.input({2, 3}), &b.constant<float>({3}, {1, 0, 2})});
  Value& y = b.add(K::sub, {&x, &b.add(K::mul, {&x, &b.constant<float>({3}, {0, 1, 0})})});
  return chosen(b, b.add(kind, {kind == K::is_nan ? &y : &x}));
}

std::vector<OperatorCase> unary_cases() {
  return {
      {"relu", unary<K::relu>},
      {"leaky_relu", unary<K::leaky_relu>},
      {"elu", unary<K::elu>},
      {"selu", unary<K::selu>},
      {"softplus", unary<K::softplus>},
      {"sigmoid", unary<K::sigmoid>},
      {"tanh", unary<K::tanh>},
      {"hard_sigmoid", unary<K::hard_sigmoid>},
      {"hard_swish", unary<K::hard_swish>},
      {"gelu", unary<K::gelu>},
      {"gelu_tanh",
       [](B& b) {
         return &b.add(K::gelu, {&b.input({9})}, {{attr::approximate, std::string("tanh")}});
       }},
      {"mish", unary<K::mish>},
      {"erf", unary<K::erf>},
      {"exp", unary<K::exp>},
      {"log", unary_of_positive<K::log>},
      {"sqrt", unary_of_positive<K::sqrt>},
      {"reciprocal", unary_of_positive<K::reciprocal>},
      {"neg", unary<K::neg>},
      {"abs", unary<K::abs>},
      {"sign", unary<K::sign>},
      {"floor", unary<K::floor>},
      {"ceil", unary<K::ceil>},
      {"round",
       [](B& b) {
         return &b.add(K::round,
                       {&b.constant<float>({6}, {-2.5F, -1.5F, -0.5F, 0.5F, 1.5F, 2.5F})});
       }},
      {"prelu",
       [](B& b) {
         return &b.add(K::prelu, {&b.input({2, 3, 4}), &b.weight({3, 1})});
       }},
      {"clip",
       [](B& b) {
         return &b.add(K::clip, {&b.input({20}), &b.scalar(-0.5F), &b.scalar(1)});
       }},
      {"clip_above",
       [](B& b) {
         return &b.add(K::clip, {&b.input({20}), nullptr, &b.scalar(0)});
       }},
      {"cast_truncates",
       [](B& b) {
         return &b.add(K::cast, {&b.input({20})}, {{attr::to, std::string("i32")}});
       }},
      {"identity", unary<K::identity>},
      {"dropout", unary<K::dropout>},
      {"tap",
       [](B& b) {
         return &b.add(K::tap, {&b.input({4})}, {{attr::name, std::string("t")}});
       }},
  };
}

std::vector<OperatorCase> binary_cases() {
  return {
      {"add", binary<K::add>},
      {"sub", binary<K::sub>},
      {"mul", binary<K::mul>},
      {"div", binary<K::div>},
      {"div_of_integers",
       [](B& b) {
         return &b.add(K::div, {&b.ints({7, -7, 9, -9}), &b.ints({2, 2, -4, -4})});
       }},
      {"pow",
       [](B& b) {
         return &b.add(K::pow, {&b.add(K::abs, {&b.input({2, 3})}), &b.scalar(1.5F)});
       }},
      {"min",
       [](B& b) {
         return &b.add(K::min, {&b.input({2, 3}), &b.weight({3}), &b.weight({2, 1})});
       }},
      {"max",
       [](B& b) {
         return &b.add(K::max, {&b.input({2, 3}), &b.weight({3})});
       }},
      {"equal",
       [](B& b) {
         Value& same = b.add(K::equal, {&b.ints({1, 2, 3}), &b.ints({1, 5, 3})});
         return &b.add(K::where, {&same, &b.weight({3}), &b.scalar(0)});
       }},
      {"greater", compare<K::greater>},
      {"less", compare<K::less>},
  };
}

// Truth values, and what makes them.
std::vector<OperatorCase> logic_cases() {
  return {
      {"logical_and", logic<K::logical_and>},
      {"logical_or", logic<K::logical_or>},
      {"logical_xor", logic<K::logical_xor>},
      {"logical_not",
       [](B& b) {
         Value& x = b.add(K::greater, {&b.input({5}), &b.scalar(0)});
         return chosen(b, b.add(K::logical_not, {&x}));
       }},
      {"greater_or_equal", compare_rounded<K::greater_or_equal>},
      {"less_or_equal", compare_rounded<K::less_or_equal>},
      {"is_nan", test_each<K::is_nan>},
      {"is_inf", test_each<K::is_inf>},
      {"mod",
       [](B& b) {
         return &b.add(K::mod, {&b.ints({7, -7, 7, -7}), &b.ints({3, 3, -3, -3})});
       }},
      {"fmod",
       [](B& b) {
         return &b.add(K::mod, {&b.input({9}), &b.scalar(0.75F)}, {{attr::fmod, std::int64_t{1}}});
       }},
      {"sum", variadic<K::sum>},
      {"mean", variadic<K::mean>},
  };
}

// Trigonometric functions, the rarer activations and bits.
std::vector<OperatorCase> function_cases() {
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

}  // namespace

std::vector<OperatorCase> element_cases() {
  return joined({unary_cases(), binary_cases(), logic_cases(), function_cases()});
}

}  // namespace rcc
