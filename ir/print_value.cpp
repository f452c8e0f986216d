#include "ir/print_value.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>

#include "ir/quote.h"
#include "ir/support/base64.h"
#include "ir/support/number_text.h"

namespace rcc {

namespace {

std::string_view characters(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Whether the elements, read back from decimal text, would have the same bits. Not so for the
// complex types, for a NaN other than the usual one, for a bool that is neither 0 nor 1.
bool survives_as_numbers(const Tensor& tensor) {
  if (tensor.dtype() == DType::string) return true;
  if (!is_numeric(tensor.dtype())) return false;
  if (tensor.dtype() == DType::i64 || tensor.dtype() == DType::u64) return true;
  std::vector<double> values = tensor.to_doubles();
  for (double& value : values)
    if (std::isnan(value)) value = std::numeric_limits<double>::quiet_NaN();
  return Tensor::from_doubles(tensor.dtype(), tensor.shape(), values).same_contents(tensor);
}

// Shorter than in attributes: the element type is known, so that 2.0 is 2.
template <typename T>
void append_element(std::string& out, T value) {
  std::string text = to_text(value);
  if (text.ends_with(".0") && text != "-0.0") text.resize(text.size() - 2);
  out += text;
}

template <typename List, typename Print>
void append_list(std::string& out, const List& list, std::string_view separator,
                 const Print& print) {
  out += '<';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += separator;
    print(list[i]);
  }
  out += '>';
}

}  // namespace

std::uint64_t PayloadLayout::place(const Tensor& tensor) {
  const auto found = places_.find(tensor.payload_identity());
  if (found != places_.end() && found->second.second == tensor.size_bytes())
    return found->second.first;
  const std::uint64_t offset = (end_ + kAlignment - 1) / kAlignment * kAlignment;
  tensors_.emplace_back(offset, tensor);
  places_[tensor.payload_identity()] = {offset, tensor.size_bytes()};
  end_ = offset + tensor.size_bytes();
  return offset;
}

Result<void> PayloadLayout::write(const std::filesystem::path& path) const {
  return write_atomic(path, [this](FileSink& sink) -> Result<void> {
    static constexpr std::array<std::byte, kAlignment> kPadding{};
    std::uint64_t at = 0;
    for (const auto& [offset, tensor] : tensors_) {
      RCC_TRY(sink.write(std::span(kPadding).first(offset - at)));
      RCC_TRY(sink.write(tensor.bytes()));
      at = offset + tensor.size_bytes();
    }
    return {};
  });
}

void ValuePrinter::print_int(std::int64_t value) {
  std::array<char, 20> buffer;
  out_.append(buffer.data(),
              std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr);
}

void ValuePrinter::print_raw(std::string_view bytes) {
  out_ += "raw\"";
  out_ += to_base64(bytes);
  out_ += '"';
}

void ValuePrinter::print(const Range& range) {
  out_ += "range(";
  out_ += to_text(range.low);
  out_ += ", ";
  out_ += to_text(range.high);
  out_ += ')';
}

void ValuePrinter::print_literal(const Tensor& tensor) {
  if (tensor.dtype() == DType::string) {
    append_list(out_, tensor.strings(), ", ",
                [this](const std::string& text) { append_quoted(out_, text); });
  } else if (tensor.dtype() == DType::f64) {
    append_list(out_, tensor.elements<double>(), ", ",
                [this](double value) { append_element(out_, value); });
  } else if (is_float(tensor.dtype())) {
    // Every float of at most 32 bits is an f32.
    append_list(out_, tensor.to_doubles(), ", ",
                [this](double value) { append_element(out_, static_cast<float>(value)); });
  } else if (tensor.dtype() == DType::boolean) {
    append_list(out_, tensor.elements<bool>(), ", ",
                [this](bool value) { out_ += value ? "true" : "false"; });
  } else if (tensor.dtype() == DType::u64) {
    append_list(out_, tensor.elements<std::uint64_t>(), ", ",
                [this](std::uint64_t value) { out_ += std::to_string(value); });
  } else {
    append_list(out_, tensor.to_ints(), ", ", [this](std::int64_t value) { print_int(value); });
  }
}

void ValuePrinter::print_stats(const Tensor& tensor) {
  if (is_numeric(tensor.dtype())) {
    double largest = 0;
    std::uint64_t nonzero = 0;
    for (std::int64_t i = 0; i < tensor.element_count(); ++i) {
      const double value = tensor.at(i);
      if (std::isnan(value) || std::fabs(value) > largest) largest = std::fabs(value);
      if (value != 0) ++nonzero;
    }
    out_ += fmt::format(" {{amax = {}, digest = \"{}\", nnz = {}}}",
                        to_text(static_cast<float>(largest)), tensor.digest().hex(), nonzero);
  } else {
    out_ += fmt::format(" {{digest = \"{}\"}}", tensor.digest().hex());
  }
}

void ValuePrinter::print_payload(const Tensor& tensor) {
  if (tensor.is_elided()) return;
  const bool is_small = tensor.element_count() <= options_.max_literal_elements;
  const bool has_strings = tensor.dtype() == DType::string;
  if (is_small && survives_as_numbers(tensor)) {
    out_ += ' ';
    print_literal(tensor);
    return;
  }
  if (is_small) {
    out_ += ' ';
    print_raw(characters(tensor.bytes()));
  } else if (layout_ != nullptr && !has_strings) {
    const std::uint64_t offset = layout_->place(tensor);
    fmt::format_to(std::back_inserter(out_), " file({}, {})",
                   quoted_text(options_.weights_file.filename().string()), offset);
  } else if (layout_ != nullptr) {
    out_ += ' ';
    print_literal(tensor);
  }
  if (options_.with_weight_stats) print_stats(tensor);
}

void ValuePrinter::print(const AttributeValue& value, const AttributeInfo* info) {
  // The kind of an empty list is not to be seen in its elements.
  const bool names_empty_list = info == nullptr;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    print_int(*integer);
  } else if (const auto* real = std::get_if<float>(&value)) {
    out_ += to_text(*real);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    append_quoted(out_, *text);
  } else if (const auto* ints = std::get_if<Ints>(&value)) {
    if (ints->empty() && names_empty_list) out_ += "ints";
    append_list(out_, *ints, ",", [this](std::int64_t element) { print_int(element); });
  } else if (const auto* floats = std::get_if<Floats>(&value)) {
    if (floats->empty() && names_empty_list) out_ += "floats";
    append_list(out_, *floats, ",", [this](float element) { out_ += to_text(element); });
  } else if (const auto* strings = std::get_if<Strings>(&value)) {
    if (strings->empty() && names_empty_list) out_ += "strings";
    append_list(out_, *strings, ",",
                [this](const std::string& element) { append_quoted(out_, element); });
  } else if (const auto* tensor = std::get_if<Tensor>(&value)) {
    print(tensor->type());
    print_payload(*tensor);
  } else if (const auto* raw = std::get_if<RawAttribute>(&value)) {
    print_raw(raw->bytes);
  }
}

}  // namespace rcc
