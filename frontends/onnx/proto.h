#pragma once

#include <onnx/onnx.pb.h>

#include <optional>
#include <string>
#include <string_view>

#include "frontends/onnx/scan.h"
#include "frontends/onnx/tensor_source.h"
#include "ir/attribute.h"
#include "ir/graph.h"
#include "ir/type.h"

// Between the classes that protoc made of onnx.proto and the IR. Only the sources of this folder
// include it.
namespace rcc {

inline constexpr std::size_t kMaxRank = 64;

std::optional<DType> dtype_from_onnx(int data_type);
// TensorProto::UNDEFINED for unknown.
int dtype_to_onnx(DType dtype);
// "FLOAT", or the number when onnx.proto does not know it.
std::string onnx_dtype_name(int data_type);

// Types that are no tensors, and element types that the IR does not know, become unknown.
Result<Type> read_type(const onnx::TypeProto& type, SymbolTable& symbols);
// Precondition: the element type is known.
void write_type(const Type& type, const SymbolTable& symbols, onnx::TypeProto& out);

// `payload`: where the tensor's raw data lies when the scan took it out.
Result<Tensor> read_tensor(const onnx::TensorProto& proto, std::optional<Extent> payload,
                           TensorSource& source);
// Everything but the payload: dims, type; string_data for strings.
void write_tensor_header(const Tensor& tensor, std::string_view name, onnx::TensorProto& out);

// Subgraphs, types, sparse tensors and lists of tensors become a RawAttribute.
Result<AttributeValue> read_attribute(const onnx::AttributeProto& proto,
                                      std::optional<Extent> payload, TensorSource& source);
// Error when the bytes of a RawAttribute are no attribute.
Result<void> write_attribute(std::string_view name, const AttributeValue& value,
                             onnx::AttributeProto& out);

}  // namespace rcc
