#include "tools/rcc_opt/expected_diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "ir/support/number_text.h"

namespace rcc {

namespace {

struct SeverityName {
  Severity severity;
  std::string_view name;
};
// In the order of Severity.
constexpr std::array<SeverityName, 4> kSeverities{{{Severity::error, "error"},
                                                   {Severity::warning, "warning"},
                                                   {Severity::remark, "remark"},
                                                   {Severity::note, "note"}}};
constexpr std::string_view kWord = "expected-";
constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

// Lines that `@above` and `@below` stand for, until it is known which lines hold expectations.
constexpr std::uint32_t kAbove = UINT32_MAX;
constexpr std::uint32_t kBelow = UINT32_MAX - 1;

std::string_view severity_name(Severity severity) {
  return kSeverities[static_cast<std::size_t>(severity)].name;
}

std::optional<Severity> take_severity(std::string_view& text) {
  for (const SeverityName& row : kSeverities) {
    if (!text.starts_with(row.name)) continue;
    text.remove_prefix(row.name.size());
    return row.severity;
  }
  return std::nullopt;
}

// What follows the `@`, up to a blank or the text.
std::optional<std::uint32_t> line_of_designator(std::string_view where, std::uint32_t line) {
  if (where == "above") return kAbove;
  if (where == "below") return kBelow;
  if (where == "unknown") return 0;
  if (where.size() < 2 || (where.front() != '+' && where.front() != '-')) return std::nullopt;
  const std::optional<std::uint64_t> distance = parse_uint(where.substr(1));
  if (!distance || *distance > line + 1'000'000U) return std::nullopt;
  const auto lines = static_cast<std::uint32_t>(*distance);
  if (where.front() == '+') return line + lines;
  return lines < line ? std::optional(line - lines) : std::nullopt;
}

// Lines count from 1.
std::string line_at(std::string_view text, std::uint32_t line) {
  while (--line > 0) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return std::string(text.substr(0, text.find('\n')));
}

std::string definition_name(const Token& token) {
  const std::string_view name = token.text.substr(1);
  return name.starts_with('"') ? unquote(name).text : std::string(name);
}

}  // namespace

void ExpectedDiagnostics::enter_text(std::string_view text, const std::string& file) {
  file_ = file;
  text_ = text;
  read(text, file, "//");
  find_definitions(text, file);
}

void ExpectedDiagnostics::enter_graph(std::string_view name) {
  const auto found = graphs_.find(name);
  graph_ = found == graphs_.end() ? nullptr : &found->second;
}

void ExpectedDiagnostics::add_rules(std::string_view text, const std::string& file) {
  rule_files_.push_back(file);
  read(text, file, "#");
}

void ExpectedDiagnostics::read(std::string_view text, const std::string& file,
                               std::string_view comment) {
  const std::size_t first = expectations_.size();
  SourceSpan place{.file = file};
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    ++place.line;
    read_line(text.substr(at, end - at), place, comment);
    at = end + 1;
  }
  resolve_neighbours(first);
}

void ExpectedDiagnostics::read_line(std::string_view line, const SourceSpan& place,
                                    std::string_view comment) {
  const std::size_t begin = line.find(comment);
  if (begin == std::string_view::npos) return;
  for (std::size_t at = line.find(kWord, begin); at != std::string_view::npos;
       at = line.find(kWord, at + 1)) {
    const std::string_view rest = line.substr(at + kWord.size());
    const std::size_t open = rest.find(kOpen);
    // Words of a sentence.
    if (open == std::string_view::npos || rest.substr(0, open).find(kWord) != std::string_view::npos)
      continue;
    SourceSpan span = place;
    span.column = static_cast<std::uint32_t>(at + 1);
    span.length = static_cast<std::uint32_t>(kWord.size() + open);
    span.line_text = line;
    read_expectation(rest, open, std::move(span));
  }
}

// `text` is what follows `expected-`, with the braces at `open`.
void ExpectedDiagnostics::read_expectation(std::string_view text, std::size_t open,
                                           SourceSpan span) {
  const auto reject = [&](std::string message, std::string help) {
    problems_.push_back({.message = std::move(message), .span = span, .help = std::move(help)});
  };
  std::string_view head = text.substr(0, open);
  while (head.ends_with(' ')) head.remove_suffix(1);
  const std::optional<Severity> severity = take_severity(head);
  if (!severity || (!head.empty() && head.front() != '@'))
    return reject("this expects no kind of diagnostic", "write error, warning, remark or note");
  const std::optional<std::uint32_t> line =
      head.empty() ? span.line : line_of_designator(head.substr(1), span.line);
  if (!line)
    return reject("this names no line", "write @+1, @-1, @above, @below or @unknown");
  const std::size_t close = text.find(kClose, open);
  if (close == std::string_view::npos) return reject("the text has no end", "close it with }}");
  Expectation expectation;
  expectation.severity = *severity;
  expectation.span = std::move(span);
  expectation.line = *line;
  expectation.text = text.substr(open + kOpen.size(), close - open - kOpen.size());
  expectations_.push_back(std::move(expectation));
}

// Steps over lines that hold expectations of the same kind, so that they may be stacked.
void ExpectedDiagnostics::resolve_neighbours(std::size_t first) {
  std::vector<std::uint32_t> designators;
  for (std::size_t i = first; i < expectations_.size(); ++i)
    designators.push_back(expectations_[i].span.line);
  for (std::size_t i = first; i < expectations_.size(); ++i) {
    Expectation& expectation = expectations_[i];
    if (expectation.line != kAbove && expectation.line != kBelow) continue;
    const bool is_below = expectation.line == kBelow;
    std::uint32_t line = expectation.span.line;
    while (line > 0 && std::binary_search(designators.begin(), designators.end(), line))
      line = is_below ? line + 1 : line - 1;
    expectation.line = line;
  }
}

void ExpectedDiagnostics::find_definitions(std::string_view text, const std::string& file) {
  graphs_.clear();
  graph_ = nullptr;
  GraphLines* graph = nullptr;
  Lexer lexer(text, file, Lexer::Comments::slashes);
  std::uint32_t line = 0;
  while (lexer.peek().kind != TokenKind::end) {
    const Token token = lexer.take();
    const bool is_first = token.line != line;
    line = token.line;
    if (!is_first) continue;
    if (token.is("graph") && lexer.peek().kind == TokenKind::constant_name) {
      graph = &graphs_[definition_name(lexer.take())];
      graph->line = token.line;
    }
    for (Token name = token; graph != nullptr && (name.kind == TokenKind::value_name ||
                                                  name.kind == TokenKind::constant_name);
         name = lexer.take()) {
      graph->values.emplace(definition_name(name), name.line);
      if (!lexer.take_if(",")) break;
    }
  }
}

// The file is emptied where the diagnostic is about none.
std::uint32_t ExpectedDiagnostics::line_of(const Diagnostic& diagnostic, std::string& file) const {
  file = diagnostic.span.file;
  const bool is_known = file == file_ || std::find(rule_files_.begin(), rule_files_.end(), file) !=
                                             rule_files_.end();
  if (is_known && diagnostic.span.line != 0) return diagnostic.span.line;
  file = graph_ == nullptr ? "" : file_;
  if (graph_ == nullptr) return 0;
  const auto value = graph_->values.find(diagnostic.subject);
  return value == graph_->values.end() ? graph_->line : value->second;
}

bool ExpectedDiagnostics::meet(Severity severity, const std::string& file, std::uint32_t line,
                               std::string_view message) {
  for (Expectation& expectation : expectations_) {
    const bool is_place =
        expectation.line == line && (line == 0 || expectation.span.file == file);
    if (expectation.is_met || expectation.severity != severity || !is_place ||
        message.find(expectation.text) == std::string_view::npos)
      continue;
    expectation.is_met = true;
    return true;
  }
  return false;
}

void ExpectedDiagnostics::add(Diagnostic diagnostic) {
  std::string file;
  const std::uint32_t line = line_of(diagnostic, file);
  for (const std::string& note : diagnostic.notes) meet(Severity::note, file, line, note);
  if (meet(diagnostic.severity, file, line, diagnostic.message)) return;
  const bool is_optional = diagnostic.severity == Severity::note ||
                           (diagnostic.severity == Severity::remark &&
                            remarks_ == Remarks::only_expected);
  if (is_optional) return;
  diagnostic.message =
      fmt::format("unexpected {}: {}", severity_name(diagnostic.severity), diagnostic.message);
  diagnostic.severity = Severity::error;
  if (!diagnostic.span.is_set() && line != 0)
    diagnostic.span = {.file = file, .line = line, .column = 1, .line_text = line_at(text_, line)};
  problems_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> ExpectedDiagnostics::problems() const {
  std::vector<Diagnostic> all = problems_;
  for (const Expectation& expectation : expectations_) {
    if (expectation.is_met) continue;
    const std::string where =
        expectation.line == 0 ? "" : fmt::format(" for line {}", expectation.line);
    all.push_back({.message = fmt::format("expected {} \"{}\" did not come{}",
                                          severity_name(expectation.severity), expectation.text,
                                          where),
                   .span = expectation.span});
  }
  return all;
}

}  // namespace rcc
