#pragma once

#include <string>
#include <string_view>

namespace rcc {

// Between double quotes; whatever would not survive there, or not show, is escaped: \" \\ \n \r \t
// and \xNN, which is any byte. Never contains `[[`, `{{` or `}}`.
std::string quoted_text(std::string_view text);
void append_quoted(std::string& out, std::string_view text);

// [A-Za-z_][A-Za-z0-9_.]*, without two dots at the end.
bool is_identifier(std::string_view text);
// [A-Za-z0-9_.]+, what stands after % and @ without quotes.
bool is_plain_name(std::string_view text);

// The text itself where it is an identifier (a plain name), else quoted.
void append_identifier(std::string& out, std::string_view text);
void append_name(std::string& out, std::string_view text);

// The name of an operator that the table does not know: onnx.Type, onnx.domain.Type or, where those
// would not be identifiers, onnx."domain"."Type".
std::string opaque_op_name(std::string_view domain, std::string_view onnx_name);

}  // namespace rcc
