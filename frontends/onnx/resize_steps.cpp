#include <algorithm>

#include "frontends/onnx/version_steps.h"

// Resize as it was before opset 11, and Upsample before it: places divided by the scale; the nearest
// element is the one before where elements get more, the one after where they get fewer.
namespace rcc::version_steps {

namespace {

constexpr std::string_view kMode = "mode";
constexpr std::string_view kScales = "scales";
constexpr std::string_view kPlaces = "coordinate_transformation_mode";
constexpr std::string_view kNearestMode = "nearest_mode";

std::string text_or(const NodeForm& form, std::string_view name, std::string_view fallback) {
  const std::string* text = form.find_string(name);
  return std::string(text != nullptr ? *text : fallback);
}

bool is_nearest(const NodeForm& form) { return text_or(form, kMode, "nearest") == "nearest"; }

// Empty when they are not known.
std::vector<double> scales_of(const NodeForm& form, std::size_t operand) {
  const auto tensor = form.operand(operand).constant();
  return tensor && tensor->dtype() == DType::f32 ? tensor->to_doubles() : std::vector<double>();
}

bool only_grows(const std::vector<double>& scales) {
  return !scales.empty() && std::ranges::all_of(scales, [](double scale) { return scale >= 1; });
}
bool only_shrinks(const std::vector<double>& scales) {
  return !scales.empty() && std::ranges::all_of(scales, [](double scale) { return scale <= 1; });
}

bool is_empty_vector(const Type& type) {
  return type.is_ranked && type.rank() == 1 && type.dims[0] == Dim(0);
}

}  // namespace

Refusal raise_upsample_9(NodeForm& form) {
  const AttributeValue* value = form.find(kScales);
  const auto* scales = value != nullptr ? std::get_if<Floats>(value) : nullptr;
  if (scales == nullptr || form.operands.size() != 1) return "it has no attribute `scales`";
  const auto count = static_cast<std::int64_t>(scales->size());
  form.set_operand(1, {.value = nullptr, .literal = Tensor::of<float>({count}, *scales)});
  form.remove(kScales);
  return std::nullopt;
}

Refusal lower_upsample_9(NodeForm& form) {
  const std::vector<double> scales = scales_of(form, 1);
  if (scales.empty()) return "its scales are not constant";
  form.set(kScales, Floats(scales.begin(), scales.end()));
  form.remove_operand(1);
  return std::nullopt;
}

// An Upsample makes nothing smaller. Where that is not known it could not be written again.
Refusal raise_upsample_10(NodeForm& form) {
  if (!only_grows(scales_of(form, 1))) return "its scales are not known to be 1 or more";
  if (is_nearest(form)) form.set(kNearestMode, std::string("floor"));
  return std::nullopt;
}

Refusal lower_upsample_10(NodeForm& form) {
  if (!only_grows(scales_of(form, 1))) return "an Upsample only makes axes larger";
  form.op_type = "Upsample";
  return std::nullopt;
}

Refusal raise_resize_11(NodeForm& form) {
  const std::string mode = text_or(form, kMode, "nearest");
  if (mode != "nearest" && mode != "linear") return fmt::format("its mode is `{}`", mode);
  if (form.operands.size() != 2) return "it has no scales";
  if (is_nearest(form) && form.find(kNearestMode) == nullptr) {
    const std::vector<double> scales = scales_of(form, 1);
    if (!only_grows(scales) && !only_shrinks(scales))
      return "which element is the nearest is not known";
    form.set(kNearestMode, std::string(only_grows(scales) ? "floor" : "ceil"));
  }
  form.set(kPlaces, std::string("asymmetric"));
  form.set_operand(2, form.operand(1));
  form.remove_operand(1);
  return std::nullopt;
}

Refusal lower_resize_11(NodeForm& form) {
  const std::string mode = text_or(form, kMode, "nearest");
  if (mode != "nearest" && mode != "linear") return fmt::format("its mode is `{}`", mode);
  if (form.has_operand(3)) return "it has sizes instead of scales";
  if (form.has_operand(1) && !is_empty_vector(form.operand(1).type())) return "it has a `roi`";
  if (text_or(form, kPlaces, "half_pixel") != "asymmetric")
    return "its coordinate_transformation_mode is not `asymmetric`";
  if (form.find_int("exclude_outside").value_or(0) != 0) return "it excludes what is outside";
  if (is_nearest(form)) {
    const std::vector<double> scales = scales_of(form, 2);
    const std::string nearest = text_or(form, kNearestMode, "round_prefer_floor");
    if (!(nearest == "floor" && only_grows(scales)) && !(nearest == "ceil" && only_shrinks(scales)))
      return "another element was the nearest";
  }
  for (const std::string_view name :
       {kPlaces, kNearestMode, std::string_view("exclude_outside"), std::string_view("cubic_coeff_a"),
        std::string_view("extrapolation_value")})
    form.remove(name);
  form.set_operand(1, form.operand(2));
  form.remove_operand(2);
  return std::nullopt;
}

}  // namespace rcc::version_steps
