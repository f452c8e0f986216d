#include "frontends/onnx/model_writer.h"

#include <google/protobuf/io/coded_stream.h>

#include "frontends/onnx/proto.h"

namespace rcc {

namespace {

using google::protobuf::io::CodedOutputStream;

constexpr std::uint64_t kMaxFileBytes = (std::uint64_t{1} << 31) - 1;
constexpr std::uint32_t kLengthDelimited = 2;
constexpr std::uint32_t kModelGraph = 7;
constexpr std::uint32_t kGraphInitializer = 5;
constexpr std::uint32_t kTensorRawData = 9;

void append_varint(std::string& out, std::uint64_t value) {
  std::uint8_t buffer[10];
  const std::uint8_t* end = CodedOutputStream::WriteVarint64ToArray(value, buffer);
  out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(end - buffer));
}

void append_key(std::string& out, std::uint32_t field, std::uint64_t length) {
  append_varint(out, field << 3 | kLengthDelimited);
  append_varint(out, length);
}

// A TensorProto up to its payload.
std::string tensor_head(const ModelParts::Initializer& initializer) {
  onnx::TensorProto proto;
  write_tensor_header(initializer.tensor, initializer.name, proto);
  std::string head = proto.SerializeAsString();
  if (initializer.tensor.dtype() != DType::string)
    append_key(head, kTensorRawData, initializer.tensor.size_bytes());
  return head;
}

// Keys and heads of the initializers, and how many bytes all of them take with their payloads.
struct Layout {
  std::vector<std::string> heads;
  std::uint64_t bytes = 0;
};

Layout lay_out(const ModelParts& parts) {
  Layout layout;
  for (const auto& initializer : parts.initializers) {
    const std::string head = tensor_head(initializer);
    const std::uint64_t payload = initializer.tensor.size_bytes();
    std::string keyed;
    append_key(keyed, kGraphInitializer, head.size() + payload);
    keyed += head;
    layout.bytes += keyed.size() + payload;
    layout.heads.push_back(std::move(keyed));
  }
  return layout;
}

Result<void> write_parts(const ModelParts& parts, const Layout& layout, std::string_view graph_key,
                         FileSink& sink) {
  RCC_TRY(sink.write(parts.before_graph));
  RCC_TRY(sink.write(graph_key));
  RCC_TRY(sink.write(parts.graph_head));
  for (std::size_t index = 0; index < layout.heads.size(); ++index) {
    RCC_TRY(sink.write(layout.heads[index]));
    const Tensor& tensor = parts.initializers[index].tensor;
    if (tensor.dtype() != DType::string) RCC_TRY(sink.write(tensor.bytes()));
  }
  RCC_TRY(sink.write(parts.graph_tail));
  return sink.write(parts.after_graph);
}

}  // namespace

void append_field(std::string& message, std::uint32_t number, std::string_view content) {
  append_key(message, number, content.size());
  message += content;
}

Result<void> write_model(const ModelParts& parts, const std::filesystem::path& path) {
  const Layout layout = lay_out(parts);
  const std::uint64_t graph_bytes = parts.graph_head.size() + layout.bytes + parts.graph_tail.size();
  std::string graph_key;
  append_key(graph_key, kModelGraph, graph_bytes);
  const std::uint64_t total =
      parts.before_graph.size() + graph_key.size() + graph_bytes + parts.after_graph.size();
  if (total > kMaxFileBytes)
    return fail(ErrorKind::limit,
                fmt::format("the model takes {} bytes; one ONNX file holds at most {}", total,
                            kMaxFileBytes),
                "make it smaller first: external data are not written yet");
  return write_atomic(path, [&](FileSink& sink) {
    return write_parts(parts, layout, graph_key, sink);
  });
}

}  // namespace rcc
