#include "test/torch/operator_cases.h"

namespace rcc {

namespace {

using B = GraphBuilder;
using K = OpKind;

}  // namespace

std::vector<OperatorCase> index_cases() {
  return {
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
