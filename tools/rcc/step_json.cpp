#include "tools/rcc/step_json.h"

namespace rcc {

std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json to_json(const Fact& fact) {
  return std::visit([](const auto& value) { return Json(value); }, fact.value);
}

Json to_json(const PassReport& report) {
  Json facts = Json::array();
  for (const Fact& fact : report.facts) facts.push_back({fact.name, to_json(fact)});
  return {{"summary", report.summary},
          {"facts", std::move(facts)},
          {"checked_difference", report.checked_difference}};
}

PassReport report_from_json(const Json& json) {
  PassReport report;
  report.summary = json.at("summary").get<std::string>();
  report.checked_difference = json.at("checked_difference").get<double>();
  for (const Json& pair : json.at("facts")) {
    Fact fact{pair.at(0).get<std::string>(), {}};
    const Json& value = pair.at(1);
    if (value.is_number_integer())
      fact.value = value.get<std::int64_t>();
    else if (value.is_number())
      fact.value = value.get<double>();
    else
      fact.value = value.get<std::string>();
    report.facts.push_back(std::move(fact));
  }
  return report;
}

Json to_json(const Diagnostic& diagnostic) {
  const SourceSpan& span = diagnostic.span;
  return {{"severity", static_cast<int>(diagnostic.severity)},
          {"message", diagnostic.message},
          {"span", {span.file, span.line, span.column, span.length, span.line_text}},
          {"place", diagnostic.place},
          {"notes", diagnostic.notes},
          {"help", diagnostic.help}};
}

Diagnostic diagnostic_from_json(const Json& json) {
  const Json& span = json.at("span");
  return {.severity = static_cast<Severity>(json.at("severity").get<int>()),
          .message = json.at("message").get<std::string>(),
          .span = {span.at(0).get<std::string>(), span.at(1).get<std::uint32_t>(),
                   span.at(2).get<std::uint32_t>(), span.at(3).get<std::uint32_t>(),
                   span.at(4).get<std::string>()},
          .place = json.at("place").get<std::string>(),
          .notes = json.at("notes").get<std::vector<std::string>>(),
          .help = json.at("help").get<std::string>()};
}

}  // namespace rcc
