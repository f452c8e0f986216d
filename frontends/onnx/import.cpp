#include "frontends/onnx/import.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>

#include "frontends/onnx/file_format.h"
#include "frontends/onnx/graph_reader.h"
#include "frontends/onnx/versions.h"
#include "ir/verifier.h"

namespace rcc {

namespace {

constexpr int kMaxDepth = 100;

std::span<const std::uint8_t> octets(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Key of one of ModelProto's fields; writers put ir_version first.
bool starts_like_a_model(std::byte first) {
  constexpr std::uint8_t kKeys[] = {0x08, 0x12, 0x1a, 0x22, 0x28, 0x32, 0x3a, 0x42, 0x72};
  return std::ranges::find(kKeys, std::to_integer<std::uint8_t>(first)) != std::end(kKeys);
}

Result<void> check_format(std::span<const std::byte> file) {
  if (file.empty())
    return fail(ErrorKind::input, "the file is empty", "copy or download the model again");
  const ForeignFormat format = foreign_format(file);
  if (format.name.empty() && !starts_like_a_model(file.front()))
    return fail(ErrorKind::input, "this is no ONNX model, and no format that rcc knows",
                "give a model that was exported to ONNX");
  if (format.name.empty()) return {};
  return fail(ErrorKind::input,
              fmt::format("this is no ONNX model but {}", format.name),
              std::string(format.remedy));
}

Result<onnx::ModelProto> parse_model(const std::string& bytes) {
  onnx::ModelProto model;
  const auto data = octets(bytes);
  google::protobuf::io::CodedInputStream in(data.data(), static_cast<int>(data.size()));
  in.SetRecursionLimit(kMaxDepth);
  if (!model.ParseFromCodedStream(&in) || !in.ConsumedEntireMessage())
    return fail(ErrorKind::input,
                fmt::format("the file is damaged, is not ONNX, or is nested deeper than {} messages",
                            kMaxDepth),
                "check it with onnx.checker.check_model");
  if (!model.has_graph())
    return fail(ErrorKind::input, "the file holds no ONNX graph",
                "give a model that was exported to ONNX");
  return model;
}

void check_ir_version(const onnx::ModelProto& model, Problems& problems) {
  const std::int64_t version = model.ir_version();
  if (version >= kMinIrVersion && version <= kMaxIrVersion) return;
  problems.error({},
                 fmt::format("the model has IR version {}; {} to {} are supported", version,
                             kMinIrVersion, kMaxIrVersion),
                 version < kMinIrVersion ? "export the model again with a newer exporter"
                                         : "export the model with an older ONNX version");
}

std::map<std::string, std::int64_t> read_opsets(const onnx::ModelProto& model, Problems& problems) {
  std::map<std::string, std::int64_t> opsets;
  for (const auto& import : model.opset_import()) {
    const std::string domain(normal_domain(import.domain()));
    const auto [entry, is_new] = opsets.emplace(domain, import.version());
    if (!is_new && entry->second != import.version())
      problems.error({}, fmt::format("the model imports opset {} and opset {} of domain `{}`",
                                     entry->second, import.version(), domain));
  }
  const auto own = opsets.find("");
  if (own != opsets.end() && (own->second < kMinOpset || own->second > kMaxOpset))
    problems.error({},
                   fmt::format("the model imports ONNX opset {}; {} to {} are supported",
                               own->second, kMinOpset, kMaxOpset),
                   "convert it with onnx.version_converter, or export it again");
  const auto is_own = [](const onnx::NodeProto& node) { return normal_domain(node.domain()).empty(); };
  if (own == opsets.end() && std::ranges::any_of(model.graph().node(), is_own))
    problems.error({}, "the model does not say which ONNX opset it uses",
                   "add an opset_import, or export it again");
  return opsets;
}

// Parts of a model that the graph has no place for.
void check_unsupported(const onnx::ModelProto& model, Problems& problems) {
  const auto notes = std::ranges::count_if(model.graph().node(), [](const onnx::NodeProto& node) {
    return node.has_doc_string() || node.metadata_props_size() > 0;
  });
  if (notes > 0)
    problems.remark({}, fmt::format("doc_string and metadata of {} nodes are left out", notes));
  if (model.training_info_size() > 0)
    problems.warn({}, "the model's training_info is left out");
  if (model.configuration_size() > 0)
    problems.warn({}, "the model's device configurations are left out");
  if (model.graph().quantization_annotation_size() > 0)
    problems.warn({}, "the graph's quantization_annotation is left out");
  for (const auto& tensor : model.graph().sparse_initializer())
    problems.error(fmt::format("sparse initializer `{}`", tensor.values().name()),
                   "sparse initializers are not supported",
                   "export the model with dense initializers");
}

ModelInfo read_info(const onnx::ModelProto& model, Problems& problems) {
  ModelInfo info;
  info.ir_version = model.ir_version();
  info.opsets = read_opsets(model, problems);
  info.producer_name = model.producer_name();
  info.producer_version = model.producer_version();
  info.domain = model.domain();
  info.model_version = model.model_version();
  info.doc_string = model.doc_string();
  info.graph_doc_string = model.graph().doc_string();
  std::unordered_set<std::string_view> keys;
  for (const auto& entry : model.metadata_props()) {
    if (keys.insert(entry.key()).second)
      info.metadata.emplace_back(entry.key(), entry.value());
    else
      problems.warn({}, fmt::format("metadata `{}` appears twice; the first is kept", entry.key()));
  }
  for (const auto& function : model.functions())
    info.functions.push_back(function.SerializeAsString());
  return info;
}

Result<Graph> read_model(const std::shared_ptr<const MappedFile>& file, const ImportOptions& options,
                         Problems& problems) {
  RCC_TRY(check_format(file->bytes()));
  ScanLimits limits;
  limits.max_nodes = options.max_nodes;
  const ModelSkeleton skeleton = RCC_TRY(scan_model(file->bytes(), limits));
  const onnx::ModelProto model = RCC_TRY(parse_model(skeleton.bytes));
  check_ir_version(model, problems);
  check_unsupported(model, problems);
  Graph graph(model.graph().name().empty() ? "main" : model.graph().name(), options.ops);
  graph.info() = read_info(model, problems);
  if (problems.has_errors()) return graph;
  const auto& folder = file->path().parent_path();
  TensorSource source(file, folder.empty() ? "." : folder);
  const auto opset = graph.info().opsets.find("");
  ReadContext context{.model = model,
                      .skeleton = skeleton,
                      .source = source,
                      .graph = graph,
                      .problems = problems,
                      .opset = opset == graph.info().opsets.end() ? 0 : opset->second};
  read_graph(context);
  return graph;
}

}  // namespace

Result<Graph> import_onnx(const std::filesystem::path& path, const ImportOptions& options) {
  auto opened = MappedFile::open(path, options.max_file_bytes);
  if (!opened && opened.error().kind == ErrorKind::limit)
    return fail(std::move(opened).error().with_help(
        "bigger models keep their weights in files beside them: save_as_external_data in onnx.save"));
  const auto file = RCC_TRY(std::move(opened));
  Problems problems(path.string(), options.sink);
  Result<Graph> graph = read_model(file, options, problems);
  if (!graph) problems.error({}, std::move(graph).error());
  RCC_TRY(std::move(problems).result());
  Result<void> verified = verify(*graph);
  if (!verified) {
    Problems broken(path.string(), options.sink);
    broken.error({}, std::move(verified).error());
    RCC_TRY(std::move(broken).result());
  }
  return graph;
}

}  // namespace rcc
