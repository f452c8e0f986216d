#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/rcc/commands.h"
#include "tools/rcc/graph_diff.h"
#include "tools/rcc/model_file.h"

namespace rcc {

namespace {

using Json = nlohmann::ordered_json;

char sign(NodeChange::Kind kind) {
  switch (kind) {
    case NodeChange::Kind::removed:
      return '-';
    case NodeChange::Kind::added:
      return '+';
    case NodeChange::Kind::changed:
      return '~';
  }
  return '~';
}

std::string_view kind_name(NodeChange::Kind kind) {
  switch (kind) {
    case NodeChange::Kind::removed:
      return "removed";
    case NodeChange::Kind::added:
      return "added";
    case NodeChange::Kind::changed:
      return "changed";
  }
  return "changed";
}

std::string part_text(const PartChange& part) {
  const auto shown = [](const std::string& text) {
    return text.empty() ? std::string("none") : text;
  };
  return fmt::format("{}: {} -> {}", part.what, shown(part.before), shown(part.after));
}

std::string delta_text(const TensorDelta& delta) {
  if (delta.is_equal()) return "same numbers";
  return fmt::format("max|d| {:.3g}, SQNR {:.2f} dB, cosine {:.6f}", delta.largest, delta.sqnr,
                     delta.cosine);
}

std::string tensor_text(const TensorChange& change) {
  std::string text = fmt::format("{} {}: ", change.layer, change.slot);
  text += change.type_before == change.type_after
              ? change.type_before
              : fmt::format("{} -> {}", change.type_before, change.type_after);
  return text + ", " + (change.delta ? delta_text(*change.delta) : "not comparable");
}

std::string diff_text(const GraphDiff& diff, bool with_results) {
  std::string text;
  const auto add = [&](std::string_view line) { (text += escape_for_display(line)) += '\n'; };
  for (const PartChange& part : diff.interface) add("~ " + part_text(part));
  for (const NodeChange& node : diff.nodes) {
    add(fmt::format("{} {} {}", sign(node.kind), node.op, node.layer));
    for (const PartChange& part : node.parts) add("    " + part_text(part));
  }
  for (const TensorChange& change : diff.tensors) add("~ tensor " + tensor_text(change));
  for (const TensorChange& change : diff.results) add("~ result " + tensor_text(change));
  text += fmt::format("{} nodes equal, {} not; {} tensors equal, {} not", diff.equal_nodes,
                      diff.nodes.size(), diff.equal_tensors, diff.tensors.size());
  if (with_results)
    text += fmt::format("; {} results equal, {} not", diff.equal_results, diff.results.size());
  return text;
}

// JSON has no infinity: null stands for it.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json parts_json(const std::vector<PartChange>& parts) {
  Json rows = Json::array();
  for (const PartChange& part : parts)
    rows.push_back({{"what", part.what}, {"before", part.before}, {"after", part.after}});
  return rows;
}

Json tensors_json(const std::vector<TensorChange>& changes) {
  Json rows = Json::array();
  for (const TensorChange& change : changes) {
    Json row{{"layer", change.layer},
             {"slot", change.slot},
             {"before", change.type_before},
             {"after", change.type_after}};
    if (change.delta) {
      row["max_difference"] = number(change.delta->largest);
      row["sqnr_db"] = number(change.delta->sqnr);
      row["cosine"] = number(change.delta->cosine);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string diff_json(const GraphDiff& diff, bool with_results) {
  Json out;
  out["schema"] = 1;
  out["equal"] = diff.is_equal();
  out["interface"] = parts_json(diff.interface);
  out["nodes"] = Json::array();
  for (const NodeChange& node : diff.nodes)
    out["nodes"].push_back({{"change", kind_name(node.kind)},
                            {"layer", node.layer},
                            {"op", node.op},
                            {"parts", parts_json(node.parts)}});
  out["tensors"] = tensors_json(diff.tensors);
  out["equal_nodes"] = diff.equal_nodes;
  out["equal_tensors"] = diff.equal_tensors;
  if (with_results) {
    out["results"] = tensors_json(diff.results);
    out["equal_results"] = diff.equal_results;
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

struct Words {
  std::string before, after;
  std::string format = "text";
  bool runs = false;
  std::uint64_t seed = 0;
};

Result<GraphDiff> compare(const Words& words, Console& console) {
  const Graph before = RCC_TRY(read_model(words.before, console));
  const Graph after = RCC_TRY(read_model(words.after, console));
  return words.runs ? diff_with_results(before, after, words.seed) : diff(before, after);
}

}  // namespace

int diff_command(const Arguments& arguments) {
  Console console;
  CLI::App app("Say how a model differs from another: 0 equal, 1 different.", "rcc diff");
  Words words;
  app.add_option("before", words.before, "an .onnx or .rir file")->required();
  app.add_option("after", words.after, "an .onnx or .rir file")->required();
  app.add_option("--format", words.format, "how to say it")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.add_flag("--run", words.runs, "compare also what each layer computes, in the interpreter");
  app.add_option("--seed", words.seed, "of the inputs for --run")
      ->check(check_whole_number);
  if (const auto code = parse_arguments(app, arguments, console)) return *code;
  const auto found = compare(words, console);
  if (!found) return console.fail(found.error());
  console.print(words.format == "json" ? diff_json(*found, words.runs)
                                       : diff_text(*found, words.runs));
  return found->is_equal() ? 0 : static_cast<int>(ErrorKind::constraint);
}

}  // namespace rcc
