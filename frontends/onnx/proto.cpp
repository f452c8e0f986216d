#include "frontends/onnx/proto.h"

namespace rcc {

namespace {

using onnx::AttributeProto;

Result<Dim> read_dim(const onnx::TensorShapeProto::Dimension& dim, SymbolTable& symbols) {
  if (dim.has_dim_value()) {
    // Some exporters write -1 for a size they do not know.
    if (dim.dim_value() == -1) return Dim::unknown();
    if (dim.dim_value() < -1)
      return fail(ErrorKind::input, fmt::format("has a negative size {}", dim.dim_value()));
    return Dim(dim.dim_value());
  }
  if (dim.has_dim_param() && !dim.dim_param().empty()) return symbols.intern(dim.dim_param());
  return Dim::unknown();
}

template <typename Message>
RawAttribute raw(const Message& message) {
  return RawAttribute{message.SerializeAsString()};
}

// Files older than the field `type` tell the kind by which field is set.
AttributeProto::AttributeType type_by_field(const AttributeProto& proto) {
  if (proto.has_f()) return AttributeProto::FLOAT;
  if (proto.has_i()) return AttributeProto::INT;
  if (proto.has_s()) return AttributeProto::STRING;
  if (proto.has_t()) return AttributeProto::TENSOR;
  if (proto.has_g()) return AttributeProto::GRAPH;
  if (proto.floats_size() > 0) return AttributeProto::FLOATS;
  if (proto.ints_size() > 0) return AttributeProto::INTS;
  if (proto.strings_size() > 0) return AttributeProto::STRINGS;
  return AttributeProto::UNDEFINED;
}

void write_tensor(const Tensor& tensor, onnx::TensorProto& out) {
  write_tensor_header(tensor, {}, out);
  if (tensor.dtype() == DType::string) return;
  const auto bytes = tensor.bytes();
  out.set_raw_data(bytes.data(), bytes.size());
}

}  // namespace

Result<Type> read_type(const onnx::TypeProto& type, SymbolTable& symbols) {
  if (!type.has_tensor_type()) return Type();
  const auto& tensor = type.tensor_type();
  const DType dtype = dtype_from_onnx(tensor.elem_type()).value_or(DType::unknown);
  if (!tensor.has_shape()) return Type::unranked(dtype);
  if (static_cast<std::size_t>(tensor.shape().dim_size()) > kMaxRank)
    return fail(ErrorKind::limit, fmt::format("has {} dimensions; at most {} are supported",
                                              tensor.shape().dim_size(), kMaxRank));
  Shape dims;
  for (const auto& dim : tensor.shape().dim()) dims.push_back(RCC_TRY(read_dim(dim, symbols)));
  return Type(dtype, std::move(dims));
}

void write_type(const Type& type, const SymbolTable& symbols, onnx::TypeProto& out) {
  auto& tensor = *out.mutable_tensor_type();
  tensor.set_elem_type(dtype_to_onnx(type.dtype));
  if (!type.is_ranked) return;
  auto& shape = *tensor.mutable_shape();
  for (const Dim dim : type.dims) {
    auto& written = *shape.add_dim();
    if (dim.is_fixed()) written.set_dim_value(dim.size());
    if (dim.is_symbol()) written.set_dim_param(std::string(symbols.name(dim)));
  }
}

Result<AttributeValue> read_attribute(const AttributeProto& proto, std::optional<Extent> payload,
                                      TensorSource& source) {
  const auto type = proto.type() == AttributeProto::UNDEFINED ? type_by_field(proto) : proto.type();
  switch (type) {
    case AttributeProto::FLOAT: return proto.f();
    case AttributeProto::INT: return proto.i();
    case AttributeProto::STRING: return proto.s();
    case AttributeProto::FLOATS: return Floats(proto.floats().begin(), proto.floats().end());
    case AttributeProto::INTS: return Ints(proto.ints().begin(), proto.ints().end());
    case AttributeProto::STRINGS: return Strings(proto.strings().begin(), proto.strings().end());
    case AttributeProto::TENSOR: return RCC_TRY(read_tensor(proto.t(), payload, source));
    case AttributeProto::UNDEFINED:
      return fail(ErrorKind::input, fmt::format("attribute `{}` has no type and no value", proto.name()));
    default: break;
  }
  return raw(proto);
}

Result<void> write_attribute(std::string_view name, const AttributeValue& value,
                             AttributeProto& out) {
  if (const auto* raw = std::get_if<RawAttribute>(&value)) {
    if (!out.ParseFromString(raw->bytes))
      return fail(ErrorKind::input, fmt::format("the bytes of attribute `{}` are damaged", name));
    out.set_name(std::string(name));
    return {};
  }
  if (const auto* tensor = std::get_if<Tensor>(&value); tensor && tensor->is_elided())
    return fail(ErrorKind::input, fmt::format("the tensor of attribute `{}` has no contents", name));
  struct Writer {
    AttributeProto& out;
    void operator()(std::monostate) const { RCC_CHECK(false, "an attribute without a value"); }
    void operator()(std::int64_t number) const {
      out.set_i(number);
      out.set_type(AttributeProto::INT);
    }
    void operator()(float number) const {
      out.set_f(number);
      out.set_type(AttributeProto::FLOAT);
    }
    void operator()(const std::string& text) const {
      out.set_s(text);
      out.set_type(AttributeProto::STRING);
    }
    void operator()(const Ints& numbers) const {
      out.mutable_ints()->Add(numbers.begin(), numbers.end());
      out.set_type(AttributeProto::INTS);
    }
    void operator()(const Floats& numbers) const {
      out.mutable_floats()->Add(numbers.begin(), numbers.end());
      out.set_type(AttributeProto::FLOATS);
    }
    void operator()(const Strings& texts) const {
      for (const std::string& text : texts) out.add_strings(text);
      out.set_type(AttributeProto::STRINGS);
    }
    void operator()(const Tensor& tensor) const {
      write_tensor(tensor, *out.mutable_t());
      out.set_type(AttributeProto::TENSOR);
    }
    void operator()(const RawAttribute&) const { RCC_CHECK(false); }
  };
  std::visit(Writer{out}, value);
  out.set_name(std::string(name));
  return {};
}

}  // namespace rcc
