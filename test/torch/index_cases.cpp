#include "test/torch/operator_cases.h"

namespace rcc {

namespace {

using B = GraphBuilder;
using K = OpKind;

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
Value* compare(B& b) {
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

}  // namespace

std::vector<OperatorCase> index_cases() {
  return {
      {"logical_and", logic<K::logical_and>},
      {"logical_or", logic<K::logical_or>},
      {"logical_xor", logic<K::logical_xor>},
      {"logical_not",
       [](B& b) {
         Value& x = b.add(K::greater, {&b.input({5}), &b.scalar(0)});
         return chosen(b, b.add(K::logical_not, {&x}));
       }},
      {"greater_or_equal", compare<K::greater_or_equal>},
      {"less_or_equal", compare<K::less_or_equal>},
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
      {"tile",
       [](B& b) {
         return &b.add(K::tile, {&b.input({2, 3}), &b.ints({2, 3})});
       }},
      {"einsum",
       [](B& b) {
         return &b.add(K::einsum, {&b.input({2, 3, 4, 5}), &b.weight({2, 3, 6, 5})},
                       {{attr::equation, std::string("bhid,bhjd->bhij")}});
       }},
      {"trilu",
       [](B& b) {
         return &b.add(K::trilu, {&b.input({2, 4, 5}), &b.constant<std::int64_t>({}, {1})},
                       {{attr::upper, std::int64_t{0}}});
       }},
      {"cum_sum",
       [](B& b) {
         return &b.add(K::cum_sum, {&b.input({2, 4}), &b.constant<std::int64_t>({}, {1})},
                       {{attr::exclusive, std::int64_t{1}}, {attr::reverse, std::int64_t{1}}});
       }},
      {"range",
       [](B& b) {
         Value& start = b.constant<std::int64_t>({}, {2});
         Value& limit = b.constant<std::int64_t>({}, {11});
         return &b.add(K::range, {&start, &limit, &b.constant<std::int64_t>({}, {3})});
       }},
      {"size",
       [](B& b) {
         return &b.add(K::size, {&b.input({2, 3})});
       }},
      {"gather_elements",
       [](B& b) {
         Value& places = b.constant<std::int64_t>({2, 2}, {0, -1, 2, 1});
         return &b.add(K::gather_elements, {&b.input({2, 3}), &places},
                       {{attr::axis, std::int64_t{1}}});
       }},
      {"gather_nd",
       [](B& b) {
         Value& places = b.constant<std::int64_t>({2, 2}, {0, -1, 1, 0});
         return &b.add(K::gather_nd, {&b.input({2, 3, 4}), &places});
       }},
      {"scatter_nd",
       [](B& b) {
         Value& places = b.constant<std::int64_t>({2, 2}, {0, -1, 1, 0});
         return &b.add(K::scatter_nd, {&b.input({2, 3, 4}), &places, &b.weight({2, 4})});
       }},
  };
}

}  // namespace rcc
