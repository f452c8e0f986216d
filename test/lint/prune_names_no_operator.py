#!/usr/bin/env python3
"""Pruning knows operators by their traits alone: no pass of passes/prune names one.

What an operator does to channels is a row of ir/op.def; a new operator is pruned by writing
that row. So an OpKind enumerator, a string that is an operator's name in the IR or in ONNX, or a
rule that matches one is an error here: a rule says `!contraction`. The graphs in the tests of a rule
file are examples, and hold operators.
"""
import pathlib
import re
import sys

STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
TEST = re.compile(r'^\s*test\s+"[^"\n]*"\s*\{', re.M)
CALL = re.compile(r"\b([A-Za-z_][\w.]*)\s*\(")


def strip_comments(text, suffix):
    """Comments become blanks; line numbers stay. Good enough: no pass has // in a string."""
    pattern = re.compile(r"//[^\n]*|/\*.*?\*/", re.S) if suffix == ".cpp" else re.compile(r"#[^\n]*")
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def strip_tests(text):
    """Blanks the bodies of `test "..." { ... }`; line numbers stay."""
    def blank(match):
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        return match.start(), end

    for start, end in reversed([blank(match) for match in TEST.finditer(text)]):
        text = text[:start] + re.sub(r"[^\n]", " ", text[start:end]) + text[end:]
    return text


def ir_names(root):
    text = "".join(table.read_text(encoding="utf-8") for table in (root / "ir").glob("*.def"))
    return set(re.findall(r"^\s*RCC_OP\(\s*(\w+)", text, re.M))


def onnx_names():
    try:
        from onnx import defs
    except ImportError:
        return set()
    return {schema.name for schema in defs.get_all_schemas()}


def function_names(root):
    """Functions of rules; some have the name of an operator, as `size`."""
    file = root / "passes" / "rules" / "tensor_expression_functions.cpp"
    text = file.read_text(encoding="utf-8")
    return set(re.findall(r'ExpressionFunction\{"(\w+)"', text))


def problems(root):
    names = ir_names(root)
    matched = names - function_names(root)
    foreign = onnx_names()
    for file in sorted((root / "passes" / "prune").glob("*")):
        path = file.relative_to(root)
        if file.suffix not in {".cpp", ".rules"}:
            continue
        text = strip_comments(file.read_text(encoding="utf-8"), file.suffix)
        lines = (strip_tests(text) if file.suffix == ".rules" else text).splitlines()
        for number, line in enumerate(lines, 1):
            for kind in re.findall(r"\bOpKind::\w+", line):
                yield f"{path}:{number}: names the operator {kind}"
            for text in STRING.findall(line):
                if text in names or text.removeprefix("onnx.") in foreign:
                    yield f'{path}:{number}: names the operator "{text}"'
            for called in CALL.findall(line) if file.suffix == ".rules" else []:
                if called in matched:
                    yield f"{path}:{number}: matches the operator {called}"


found = list(problems(pathlib.Path(sys.argv[1])))
print("\n".join(found))
sys.exit(bool(found))
