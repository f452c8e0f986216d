#include "frontends/onnx/scan.h"

#include <google/protobuf/io/coded_stream.h>

namespace rcc {

namespace {

using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;

// Field numbers of onnx.proto on the way to the payloads.
enum Field : std::uint32_t {
  model_graph = 7,
  graph_node = 1,
  graph_initializer = 5,
  node_attribute = 5,
  attribute_tensor = 5,
  tensor_raw_data = 9,
};

// What a handler did with a length-delimited field whose length has been read.
enum class Step : std::uint8_t { copy, done, stop };

void append_varint(std::string& out, std::uint64_t value) {
  std::uint8_t buffer[10];
  const std::uint8_t* end = CodedOutputStream::WriteVarint64ToArray(value, buffer);
  out.append(reinterpret_cast<const char*>(buffer), static_cast<std::size_t>(end - buffer));
}

class Scanner {
 public:
  Scanner(std::span<const std::byte> file, const ScanLimits& limits)
      : begin_(reinterpret_cast<const std::uint8_t*>(file.data())),
        size_(static_cast<int>(file.size())),
        in_(begin_, size_),
        limits_(limits) {}

  Result<ModelSkeleton> run() {
    skeleton_.bytes.reserve(std::min<std::size_t>(static_cast<std::size_t>(size_), 1 << 20));
    const bool is_ok = fields(size_, skeleton_.bytes, [&](std::uint32_t field, int length) {
      if (field != model_graph) return Step::copy;
      if (has_graph_) return stop("the field `graph` of the model appears twice");
      has_graph_ = true;
      return nested(model_graph, skeleton_.bytes, [&](std::string& out) { return graph(length, out); });
    });
    if (!is_ok) return fail(std::move(*error_));
    return std::move(skeleton_);
  }

 private:
  Step stop(std::string message, std::string help = {}) {
    set_error(ErrorKind::input, std::move(message), std::move(help));
    return Step::stop;
  }

  bool set_error(ErrorKind kind, std::string message, std::string help = {}) {
    error_ = fail(kind, std::move(message), std::move(help)).value();
    return false;
  }

  bool damaged(int position) {
    return set_error(ErrorKind::input,
                     fmt::format("the file is cut off or damaged at byte {} of {}", position, size_),
                     "copy or download it again and compare the sizes");
  }

  // Copies the fields of a message to `out`, except those that `handle` deals with.
  template <typename Handle>
  bool fields(int length, std::string& out, Handle handle) {
    const auto outer = in_.PushLimit(length);
    std::uint32_t count = 0;
    while (in_.BytesUntilLimit() > 0) {
      if (++count > limits_.max_fields)
        return set_error(ErrorKind::limit,
                         fmt::format("a message of the file has more than {} fields", limits_.max_fields));
      const int start = in_.CurrentPosition();
      const std::uint32_t tag = in_.ReadTag();
      const Step step = field(tag, handle);
      if (step == Step::stop) return error_ ? false : damaged(start);
      if (step == Step::copy)
        out.append(reinterpret_cast<const char*>(begin_) + start,
                   static_cast<std::size_t>(in_.CurrentPosition() - start));
    }
    in_.PopLimit(outer);
    return true;
  }

  template <typename Handle>
  Step field(std::uint32_t tag, Handle& handle) {
    const auto copied = [](bool is_ok) { return is_ok ? Step::copy : Step::stop; };
    // Field 0 does not exist. Types 3 and 4, groups, are not part of ONNX.
    if (tag >> 3 == 0) return Step::stop;
    std::uint64_t ignored = 0;
    int length = 0;
    switch (tag & 7) {
      case 0: return copied(in_.ReadVarint64(&ignored));
      case 1: return copied(in_.BytesUntilLimit() >= 8 && in_.Skip(8));
      case 5: return copied(in_.BytesUntilLimit() >= 4 && in_.Skip(4));
      case 2: break;
      default: return Step::stop;
    }
    if (!in_.ReadVarintSizeAsInt(&length) || length > in_.BytesUntilLimit()) return Step::stop;
    const Step step = handle(tag >> 3, length);
    return step == Step::copy ? copied(in_.Skip(length)) : step;
  }

  // Writes what `body` leaves of a nested message, with its new length.
  template <typename Body>
  Step nested(std::uint32_t field, std::string& out, Body body) {
    std::string message;
    if (!body(message)) return Step::stop;
    append_varint(out, field << 3 | 2);
    append_varint(out, message.size());
    out += message;
    return Step::done;
  }

  bool is_small(int length) const { return static_cast<std::uint32_t>(length) < limits_.min_payload; }

  bool graph(int length, std::string& out) {
    std::uint32_t nodes = 0;
    std::uint32_t initializers = 0;
    return fields(length, out, [&](std::uint32_t field, int size) {
      if (field == graph_node) {
        if (nodes == limits_.max_nodes) {
          set_error(ErrorKind::limit,
                    fmt::format("the graph has more than {} nodes", limits_.max_nodes));
          return Step::stop;
        }
        node_ = nodes++;
        if (is_small(size)) return Step::copy;
        return nested(field, out, [&](std::string& message) { return node(size, message); });
      }
      if (field != graph_initializer) return Step::copy;
      const std::uint32_t index = initializers++;
      if (is_small(size)) return Step::copy;
      return nested(field, out, [&](std::string& message) {
        return tensor(size, message, [&](Extent extent) { skeleton_.initializers[index] = extent; });
      });
    });
  }

  bool node(int length, std::string& out) {
    std::uint32_t attributes = 0;
    return fields(length, out, [&](std::uint32_t field, int size) {
      if (field != node_attribute) return Step::copy;
      attribute_ = attributes++;
      if (is_small(size)) return Step::copy;
      return nested(field, out, [&](std::string& message) { return attribute(size, message); });
    });
  }

  bool attribute(int length, std::string& out) {
    bool has_tensor = false;
    return fields(length, out, [&](std::uint32_t field, int size) {
      if (field != attribute_tensor) return Step::copy;
      if (has_tensor) return stop("the tensor of an attribute appears twice");
      has_tensor = true;
      return nested(field, out, [&](std::string& message) {
        return tensor(size, message, [&](Extent extent) {
          skeleton_.attributes[{node_, attribute_}] = extent;
        });
      });
    });
  }

  template <typename Keep>
  bool tensor(int length, std::string& out, Keep keep) {
    bool has_data = false;
    return fields(length, out, [&](std::uint32_t field, int size) {
      if (field != tensor_raw_data) return Step::copy;
      if (has_data) return stop("the raw data of a tensor appear twice");
      has_data = true;
      if (is_small(size)) return Step::copy;
      keep({static_cast<std::uint64_t>(in_.CurrentPosition()), static_cast<std::uint64_t>(size)});
      return in_.Skip(size) ? Step::done : Step::stop;
    });
  }

  const std::uint8_t* begin_;
  int size_;
  CodedInputStream in_;
  ScanLimits limits_;
  ModelSkeleton skeleton_;
  std::optional<Error> error_;
  bool has_graph_ = false;
  std::uint32_t node_ = 0;
  std::uint32_t attribute_ = 0;
};

template <typename Map, typename Key>
std::optional<Extent> look_up(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::optional<Extent> ModelSkeleton::initializer(int index) const {
  return look_up(initializers, static_cast<std::uint32_t>(index));
}

std::optional<Extent> ModelSkeleton::attribute(int node, int index) const {
  return look_up(attributes,
                 std::pair(static_cast<std::uint32_t>(node), static_cast<std::uint32_t>(index)));
}

Result<ModelSkeleton> scan_model(std::span<const std::byte> file, const ScanLimits& limits) {
  return Scanner(file, limits).run();
}

}  // namespace rcc
