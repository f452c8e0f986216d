#include "passes/range_table.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "ir/support/file.h"

namespace rcc {
namespace {

constexpr std::uint64_t kMaxBytes = 64 << 20;

Diagnostic problem(const std::filesystem::path& path, std::string message, std::string help = {}) {
  Diagnostic diagnostic;
  diagnostic.message = std::move(message);
  diagnostic.place = path.string();
  diagnostic.help = std::move(help);
  return diagnostic;
}

std::string nearest_value(const Graph& graph, std::string_view name) {
  std::vector<std::string_view> names;
  for (std::uint32_t id = 0; id < graph.value_id_limit(); ++id)
    if (const Value* value = graph.value(ValueId{id})) names.push_back(value->name());
  const std::string_view nearest = nearest_name(name, names);
  return nearest.empty() ? std::string() : fmt::format("did you mean `{}`?", nearest);
}

}  // namespace

Result<void> write_ranges(const Graph& graph, const std::filesystem::path& path) {
  nlohmann::ordered_json table = nlohmann::ordered_json::object();
  for (std::uint32_t id = 0; id < graph.value_id_limit(); ++id) {
    const Value* value = graph.value(ValueId{id});
    if (value == nullptr || !value->range()) continue;
    table[std::string(value->name())] = {value->range()->low, value->range()->high};
  }
  return write_atomic(path, table.dump(1) + "\n");
}

Result<std::size_t> read_ranges(Graph& graph, const std::filesystem::path& path) {
  const std::string text = RCC_TRY(read_text_file(path, kMaxBytes));
  const nlohmann::json table = nlohmann::json::parse(text, nullptr, false);
  if (!table.is_object())
    return fail(ErrorKind::input, problem(path, "a table of ranges is a JSON object {\"value\": [low, high]}"));
  for (const auto& [name, range] : table.items()) {
    Value* value = graph.find_value(name);
    if (value == nullptr)
      return fail(ErrorKind::input, problem(path, fmt::format("the graph has no value `{}`", name), nearest_value(graph, name)));
    const bool is_pair = range.is_array() && range.size() == 2 && range[0].is_number() && range[1].is_number();
    const Range pair = is_pair ? Range{range[0].get<float>(), range[1].get<float>()} : Range{1, 0};
    if (!std::isfinite(pair.low) || !std::isfinite(pair.high) || pair.low > pair.high)
      return fail(ErrorKind::input, problem(path, fmt::format("the range of `{}` is not two finite numbers [low, high]", name)));
    value->set_range(pair);
  }
  return table.size();
}

}  // namespace rcc
