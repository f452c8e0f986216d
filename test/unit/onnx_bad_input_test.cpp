// Whatever bytes a file holds, reading it gives a graph or a diagnostic.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "frontends/onnx/export.h"
#include "frontends/onnx/import.h"
#include "test/unit/onnx_bytes.h"
#include "test/unit/temporary_folder.h"

namespace rcc {
namespace {

namespace fs = std::filesystem;
using namespace onnx_bytes;
using testing::HasSubstr;
using namespace std::string_literals;

// A file in memory: thousands of short files on a disk take long.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("model", MFD_CLOEXEC)) {}
  ~MemoryFile() { ::close(file_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  fs::path write(std::string_view bytes) const {
    EXPECT_EQ(::ftruncate(file_, 0), 0);
    EXPECT_EQ(::pwrite(file_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return fs::path("/proc/self/fd") / std::to_string(file_);
  }

 private:
  int file_;
};

class OnnxBadInputTest : public testing::Test {
 protected:
  Result<Graph> read(std::string_view bytes) {
    return import_onnx(folder_.write("m.onnx", bytes));
  }

  Error error_of(std::string_view bytes) {
    Result<Graph> graph = read(bytes);
    EXPECT_FALSE(graph.has_value());
    if (graph) return fail(ErrorKind::input, "read without an error").value();
    EXPECT_THAT(graph.error().diagnostics.front().place, HasSubstr("m.onnx"));
    return graph.error();
  }
  std::string message_of(std::string_view bytes) { return error_of(bytes).message(); }

  // Of a model whose only initializer is `tensor`.
  std::string tensor_message(const std::string& tensor) {
    return message_of(model(node("Relu", {"x"}, {"y"}) + field(5, tensor) +
                            field(11, value_info("x", {1})) + field(12, value_info("y", {1}))));
  }
  // What reading gives, writing must take.
  void write_again(const Graph& graph) {
    const auto out = folder_.path() / "out.onnx";
    if (export_onnx(graph, out)) {
      EXPECT_TRUE(import_onnx(out).has_value());
    }
  }

  TemporaryFolder folder_;
};

TEST_F(OnnxBadInputTest, SmallModelItselfIsGood) {
  Result<Graph> graph = read(model(small_graph()));
  ASSERT_TRUE(graph.has_value()) << graph.error().message();
  EXPECT_EQ(graph->node_count(), 2u);
}

TEST_F(OnnxBadInputTest, TruncationAtEveryByte) {
  const std::string bytes = model(small_graph());
  const MemoryFile file;
  int errors = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) 
    errors += !import_onnx(file.write(bytes.substr(0, size)));
  // The graph comes last, so only a file without any of it could pass, and that has no graph.
  EXPECT_EQ(errors, static_cast<int>(bytes.size()));
}

TEST_F(OnnxBadInputTest, EveryBitFlipped) {
  const std::string bytes = model(small_graph());
  ASSERT_LE(bytes.size(), 1024u);
  const MemoryFile file;
  int errors = 0;
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const Result<Graph> graph = import_onnx(file.write(flipped));
    errors += !graph;
    // Writing waits for the disk, so not every time.
    if (graph && bit % 31 == 0) write_again(*graph);
  }
  // Payload bits may be anything; most others may not.
  EXPECT_GT(errors, 900);
  EXPECT_LT(errors, 8 * static_cast<int>(bytes.size()) - 8 * 288);
}

TEST_F(OnnxBadInputTest, OtherFormatsAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "the file is empty"},
      {"PK\x03\x04rest"s, "this is no ONNX model but a zip archive, as PyTorch checkpoints (.pt, .pth) are"},
      {"GGUF\x03\0\0\0"s, "this is no ONNX model but a GGUF file"},
      {"\x89HDF\r\n\x1a\n"s, "this is no ONNX model but an HDF5 file, as Keras weights (.h5) are"},
      {"\x1f\x8b\x08\0"s, "this is no ONNX model but a gzip archive"},
      {"\x80\x02}q\0"s, "this is no ONNX model but a Python pickle, as old PyTorch checkpoints are"},
      {"\x02\0\0\0\0\0\0\0{}"s, "this is no ONNX model but a safetensors file: weights without a graph"},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
       "this is no ONNX model but a Git LFS pointer, not the model itself"},
      {"\n<!DOCTYPE html><html>404",
       "this is no ONNX model but an HTML page, often the error page of a download"},
      {"\x1c\0\0\0TFL3"s, "this is no ONNX model but a TensorFlow Lite model"},
      {"{\"a\": 1}", "this is no ONNX model but JSON or another text, not a binary ONNX model"},
  };
  for (const auto& [bytes, wanted] : cases) {
    const Error error = error_of(bytes);
    EXPECT_EQ(error.message(), wanted);
    EXPECT_EQ(error.kind, ErrorKind::input);
    EXPECT_NE(error.diagnostics.front().help, "") << wanted;
  }
}

TEST_F(OnnxBadInputTest, DamagedWire) {
  EXPECT_THAT(message_of("\x08"), HasSubstr("cut off or damaged at byte 0 of 1"));
  EXPECT_THAT(message_of("\x08" + std::string(11, '\xff')), HasSubstr("damaged at byte 0 of 12"));
  EXPECT_THAT(message_of("\x3a\xff\xff\xff\xff\x07"), HasSubstr("cut off or damaged at byte 0"));
  EXPECT_THAT(message_of(model(small_graph()) + "\x0b"), HasSubstr("damaged"));
  EXPECT_THAT(message_of(model(small_graph()) + field(7, small_graph())), HasSubstr("appears twice"));
  EXPECT_THAT(message_of(number(1, 8) + number(7, 1)), HasSubstr("holds no ONNX graph"));
  EXPECT_EQ(message_of("hello, world"), "this is no ONNX model, and no format that rcc knows");
}

TEST_F(OnnxBadInputTest, NestingIsLimited) {
  std::string graph = node("Relu", {"x"}, {"y"});
  for (int depth = 0; depth < 10000; ++depth) {
    graph = field(1, field(4, "If") + field(5, field(1, "then_branch") + field(6, graph) + number(20, 5)));
    if (graph.size() > 200000) break;
  }
  EXPECT_THAT(message_of(model(graph)), HasSubstr("nested deeper than 100"));
}

TEST_F(OnnxBadInputTest, Versions) {
  EXPECT_EQ(message_of(model(small_graph(), 29)), "the model imports ONNX opset 29; 7 to 28 are supported");
  EXPECT_EQ(message_of(model(small_graph(), 6)), "the model imports ONNX opset 6; 7 to 28 are supported");
  EXPECT_EQ(message_of(model(small_graph(), 17, 2)), "the model has IR version 2; 3 to 14 are supported");
  EXPECT_EQ(message_of(model(small_graph(), 17, 999)), "the model has IR version 999; 3 to 14 are supported");
  EXPECT_EQ(message_of(number(1, 8) + field(7, small_graph())),
            "the model does not say which ONNX opset it uses");
  EXPECT_EQ(message_of(model(small_graph()) + field(8, field(1, "ai.onnx") + number(2, 16))),
            "the model imports opset 17 and opset 16 of domain ``");
}

TEST_F(OnnxBadInputTest, Tensors) {
  const std::string eight = raw_data(std::string(8, '\0'));
  EXPECT_EQ(tensor_message(tensor("t", kFloat, {3}, eight)),
            "tensor `t`: holds 8 bytes, but 3 elements of f32 take 12");
  EXPECT_EQ(tensor_message(tensor("t", kFloat, {-2}, eight)), "tensor `t`: has a negative size -2");
  EXPECT_EQ(tensor_message(tensor("t", kFloat, {1L << 32, 1L << 32}, eight)),
            "tensor `t`: has more than 2^40 elements");
  EXPECT_EQ(tensor_message(tensor("t", kFloat, {1L << 62, 1L << 62, 0}, "")),
            "tensor `t`: has more than 2^40 elements");
  EXPECT_EQ(tensor_message(tensor("t", kFloat, std::vector<std::int64_t>(65, 1), eight)),
            "tensor `t`: has 65 dimensions; at most 64 are supported");
  EXPECT_EQ(tensor_message(tensor("t", 99, {2}, eight)),
            "tensor `t`: has element type 99, which rcc does not support");
  EXPECT_EQ(tensor_message(tensor("t", 24, {8}, eight)),
            "tensor `t`: has element type FLOAT8E8M0, which rcc does not support");
  EXPECT_EQ(tensor_message(tensor("t", kFloat, {2}, eight + field(4, eight.substr(0, 8)))),
            "tensor `t`: has its data in two fields");
  EXPECT_EQ(tensor_message(tensor("t", 8, {1}, eight)), "tensor `t`: has strings as raw data");
  EXPECT_EQ(tensor_message(tensor("t", 2, {1}, field(5, varint(300)))),
            "tensor `t`: has the entry 300, which u8 cannot hold");
  EXPECT_EQ(tensor_message(tensor("", kFloat, {2}, eight)), "an initializer has no name");
}

TEST_F(OnnxBadInputTest, Names) {
  const auto graph_with = [](const std::string& name) {
    return model(node("Relu", {"x"}, {name}) + node("Relu", {name}, {"y"}) +
                 field(11, value_info("x", {1})) + field(12, value_info("y", {1})));
  };
  EXPECT_TRUE(read(graph_with(std::string(4096, 'n'))).has_value());
  EXPECT_THAT(message_of(graph_with(std::string(4097, 'n'))), HasSubstr("has 4097 bytes"));
  EXPECT_EQ(message_of(graph_with("x")), "the name `x` is given twice");
  EXPECT_EQ(message_of(graph_with("y")), "the name `y` is given twice");
}

TEST_F(OnnxBadInputTest, Wiring) {
  const std::string ends = field(11, value_info("x", {1})) + field(12, value_info("y", {1}));
  const Error missing = error_of(model(node("Relu", {"nowhere"}, {"y"}) + ends));
  EXPECT_EQ(missing.message(), "reads `nowhere`, which no input, initializer or node gives");
  EXPECT_THAT(missing.diagnostics.front().place, HasSubstr("m.onnx: node `Relu_0` (Relu)"));
  EXPECT_EQ(message_of(model(node("Relu", {"y"}, {"z"}) + node("Relu", {"z"}, {"y"}) + ends)),
            "depends on its own result: the graph has a cycle");
  EXPECT_EQ(message_of(model(node("Relu", {"x"}, {"z"}) + ends)),
            "is given by no input, initializer or node");
  EXPECT_EQ(message_of(model(node("Relu", {"x"}, {"y"}) + field(11, value_info("x", {1})))),
            "the graph has no outputs");
  EXPECT_EQ(message_of(model(node("Gelu", {"x"}, {"y"}) + ends)),
            "Gelu came with opset 20, but the model imports opset 17");
}

TEST_F(OnnxBadInputTest, ReportsSeveralErrorsAtOnce) {
  std::string graph;
  for (int index = 0; index < 25; ++index)
    graph += node("Relu", {"nowhere"}, {"r" + std::to_string(index)});
  const Error error = error_of(model(graph + field(12, value_info("r0", {1}))));
  EXPECT_EQ(error.diagnostics.size(), 20u);
  EXPECT_THAT(error.diagnostics.back().notes, testing::ElementsAre("5 more errors are not shown"));
}

TEST_F(OnnxBadInputTest, NodeLimit) {
  ImportOptions options;
  options.max_nodes = 1;
  const auto graph = import_onnx(folder_.write("m.onnx", model(small_graph())), options);
  ASSERT_FALSE(graph.has_value());
  EXPECT_EQ(graph.error().kind, ErrorKind::limit);
  EXPECT_EQ(graph.error().message(), "the graph has more than 1 nodes");
}

TEST_F(OnnxBadInputTest, OperandsAndAttributesOfKnownOperators) {
  const std::string ends = field(11, value_info("x", {1, 4, 5, 5})) + field(12, value_info("y", {}));
  EXPECT_THAT(message_of(model(node("Conv", {"x"}, {"y"}) + ends)), HasSubstr("operand `W` is missing"));
  EXPECT_THAT(message_of(model(node("Concat", {"x"}, {"y"}) + ends)),
              HasSubstr("attribute `axis` is missing"));
  EXPECT_THAT(message_of(model(node("Flatten", {"x"}, {"y"}, ints_attribute("axis", {1})) + ends)),
              HasSubstr("attribute `axis` has the wrong type"));
  EXPECT_THAT(message_of(model(node("Flatten", {"x"}, {"y"},
                                    int_attribute("axis", 1) + int_attribute("axis", 2)) + ends)),
              HasSubstr("attribute `axis` appears twice"));
}

class OnnxExternalDataTest : public OnnxBadInputTest {
 protected:
  Result<Graph> read_with(std::string_view location, std::string_view more = {}) {
    return read(model(node("Relu", {"x"}, {"y"}) +
                      field(5, tensor("t", kFloat, {2}, external(location, more))) +
                      field(11, value_info("x", {1})) + field(12, value_info("y", {1}))));
  }
  static std::string entry(std::string_view key, std::string_view value) {
    return field(13, field(1, key) + field(2, value));
  }
};

TEST_F(OnnxExternalDataTest, IsReadAndBounded) {
  folder_.write("t.bin", raw(std::vector<float>{9, 1.5f, -2}));
  Result<Graph> graph = read_with("t.bin", entry("offset", "4") + entry("length", "8"));
  ASSERT_TRUE(graph.has_value()) << graph.error().message();
  EXPECT_EQ(graph->find_value("t")->tensor().to_doubles(), (std::vector<double>{1.5, -2}));
  EXPECT_TRUE(read_with("t.bin").has_value());
  const std::vector<std::string> bad = {
      entry("offset", "8"),  entry("offset", "5000"), entry("offset", "-1"), entry("offset", "+5"),
      entry("offset", "0x4"), entry("offset", "1e1"), entry("offset", ""),  entry("length", "4"),
      entry("length", "99"), entry("offset", "18446744073709551616"),
      entry("length", "18446744073709551615"), entry("offset", "0") + entry("offset", "0"),
      entry("location", "t.bin")};
  for (const std::string& more : bad) EXPECT_FALSE(read_with("t.bin", more).has_value()) << more;
}

TEST_F(OnnxExternalDataTest, DoesNotLeaveTheFolder) {
  const std::string eight(8, 'a');
  TemporaryFolder outside;
  outside.write("secret.bin", eight);
  folder_.write("inside.bin", eight);
  fs::create_directory(folder_.path() / "sub");
  fs::create_symlink(outside.path() / "secret.bin", folder_.path() / "link.bin");
  fs::create_symlink(outside.path(), folder_.path() / "linked");
  fs::create_hard_link(outside.path() / "secret.bin", folder_.path() / "hard.bin");
  ASSERT_TRUE(read_with("inside.bin").has_value());
  const std::string up = "../" + outside.path().filename().string() + "/secret.bin";
  for (const std::string& location :
       {up, "sub/../" + up, (outside.path() / "secret.bin").string(), "link.bin"s,
        "linked/secret.bin"s, "hard.bin"s, ""s, "."s, ".."s, "sub"s, "inside.bin\0"s, "no.bin"s})
    EXPECT_FALSE(read_with(location).has_value()) << location;
}

}  // namespace
}  // namespace rcc
