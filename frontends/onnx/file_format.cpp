#include "frontends/onnx/file_format.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

namespace rcc {

namespace {

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  ForeignFormat format;
};

using namespace std::string_view_literals;

constexpr std::string_view kExport = "export the model with torch.onnx.export and give that file";
constexpr std::string_view kUnpack = "unpack it and give the .onnx file";
constexpr std::string_view kSource = "export it to ONNX from the framework that made it";

constexpr auto kMagics = std::to_array<Magic>({
    {0, "PK\x03\x04"sv, {"a zip archive, as PyTorch checkpoints (.pt, .pth) are", kExport}},
    {0, "\x80\x02"sv, {"a Python pickle, as old PyTorch checkpoints are", kExport}},
    {0, "\x80\x03"sv, {"a Python pickle", kExport}},
    {0, "\x80\x04"sv, {"a Python pickle", kExport}},
    {0, "\x80\x05"sv, {"a Python pickle", kExport}},
    {0, "GGUF"sv, {"a GGUF file", "rcc reads ONNX; export the original model to ONNX"}},
    {0, "\x89HDF\r\n\x1a\n"sv,
     {"an HDF5 file, as Keras weights (.h5) are", "convert it with tf2onnx or keras.Model.export"}},
    {0, "\x1f\x8b"sv, {"a gzip archive", kUnpack}},
    {0, "\x28\xb5\x2f\xfd"sv, {"a zstd archive", kUnpack}},
    {0, "\xfd"
        "7zXZ\0"sv,
     {"an xz archive", kUnpack}},
    {0, "BZh"sv, {"a bzip2 archive", kUnpack}},
    {0, "version https://git-lfs."sv,
     {"a Git LFS pointer, not the model itself", "run `git lfs pull` in its repository"}},
    {4, "TFL3"sv, {"a TensorFlow Lite model", kSource}},
    {4, "ORTM"sv, {"an ONNX Runtime model (.ort)", "give the .onnx file it was made of"}},
    {0, "ftrt"sv, {"a TensorRT engine", "give the .onnx file it was built from"}},
    {0, "ptrt"sv, {"a TensorRT engine", "give the .onnx file it was built from"}},
    {0, "\x7f"
        "ELF"sv,
     {"a program or shared library", "give the .onnx file"}},
});

std::string_view text_of(std::span<const std::byte> file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

bool is_safetensors(std::string_view text) {
  constexpr std::size_t kLengthBytes = 8;
  if (text.size() < kLengthBytes + 2 || text[kLengthBytes] != '{') return false;
  std::uint64_t header = 0;
  std::memcpy(&header, text.data(), kLengthBytes);
  return header >= 2 && header <= text.size() - kLengthBytes;
}

// The first characters after white space, in lower case.
std::string first_words(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (start == std::string_view::npos) return {};
  std::string words(text.substr(start, 16));
  std::ranges::transform(words, words.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return words;
}

}  // namespace

ForeignFormat foreign_format(std::span<const std::byte> file) {
  const std::string_view text = text_of(file);
  for (const Magic& magic : kMagics)
    if (text.size() >= magic.offset + magic.bytes.size() &&
        text.substr(magic.offset, magic.bytes.size()) == magic.bytes)
      return magic.format;
  if (is_safetensors(text))
    return {"a safetensors file: weights without a graph", kExport};
  const std::string words = first_words(text);
  if (words.starts_with("<!doctype") || words.starts_with("<html"))
    return {"an HTML page, often the error page of a download", "download the model again"};
  if (words.starts_with("<?xml"))
    return {"an XML file, as OpenVINO models (.xml) are", "give the .onnx file it was made of"};
  if (words.starts_with("{"))
    return {"JSON or another text, not a binary ONNX model", "give the .onnx file"};
  if (words.starts_with("graph @"))
    return {"rcc's own text form (.rir)", "give it to rcc-opt under a name that ends in .rir"};
  return {};
}

}  // namespace rcc
