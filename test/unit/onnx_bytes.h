#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// ONNX models as bytes, right and wrong ones, without the classes that the importer uses.
namespace rcc::onnx_bytes {

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 128; value >>= 7) out += static_cast<char>(value | 128);
  out += static_cast<char>(value);
  return out;
}
inline std::string number(std::uint32_t field, std::int64_t value) {
  return varint(field << 3) + varint(static_cast<std::uint64_t>(value));
}
inline std::string field(std::uint32_t number, std::string_view content) {
  return varint(number << 3 | 2) + varint(content.size()) + std::string(content);
}

template <typename T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

inline constexpr int kFloat = 1, kInt64 = 7;

// `data`: the fields that hold the elements.
inline std::string tensor(std::string_view name, int dtype, const std::vector<std::int64_t>& dims,
                          const std::string& data) {
  std::string out;
  for (const std::int64_t dim : dims) out += number(1, dim);
  return out + number(2, dtype) + field(8, name) + data;
}
inline std::string raw_data(std::string_view bytes) { return field(9, bytes); }
inline std::string external(std::string_view location, std::string_view more = {}) {
  return number(14, 1) + field(13, field(1, "location") + field(2, location)) + std::string(more);
}

inline std::string int_attribute(std::string_view name, std::int64_t value) {
  return field(5, field(1, name) + number(3, value) + number(20, 2));
}
inline std::string ints_attribute(std::string_view name, const std::vector<std::int64_t>& values) {
  std::string out = field(1, name);
  for (const std::int64_t value : values) out += number(8, value);
  return field(5, out + number(20, 7));
}

inline std::string node(std::string_view op_type, const std::vector<std::string>& inputs,
                        const std::vector<std::string>& outputs, std::string_view attributes = {}) {
  std::string out;
  for (const auto& name : inputs) out += field(1, name);
  for (const auto& name : outputs) out += field(2, name);
  return field(1, out + field(3, std::string(op_type) + "_0") + field(4, op_type) +
                      std::string(attributes));
}

// Of f32; a size of 0 stands for one that is not known.
inline std::string value_info(std::string_view name, const std::vector<std::int64_t>& dims) {
  std::string shape;
  for (const std::int64_t dim : dims) shape += field(1, dim > 0 ? number(1, dim) : std::string());
  return field(1, name) + field(2, field(1, number(1, kFloat) + field(2, shape)));
}

// `graph`: its fields.
inline std::string model(const std::string& graph, std::int64_t opset = 17, std::int64_t ir = 8) {
  return number(1, ir) + field(8, field(1, "") + number(2, opset)) + field(7, graph);
}

// A convolution and a Relu with a payload big enough to stay in the file.
inline std::string small_graph() {
  std::vector<float> weight(2 * 4 * 3 * 3);
  for (std::size_t index = 0; index < weight.size(); ++index)
    weight[index] = static_cast<float>(index % 7) - 3;
  return node("Conv", {"x", "w", "b"}, {"c"}, ints_attribute("pads", {1, 1, 1, 1})) +
         node("Relu", {"c"}, {"y"}) + field(2, "g") +
         field(5, tensor("w", kFloat, {2, 4, 3, 3}, raw_data(raw(weight)))) +
         field(5, tensor("b", kFloat, {2}, raw_data(raw(std::vector<float>{1, 2})))) +
         field(11, value_info("x", {1, 4, 5, 5})) + field(12, value_info("y", {1, 2, 5, 5}));
}

}  // namespace rcc::onnx_bytes
