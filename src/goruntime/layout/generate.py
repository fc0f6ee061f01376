#!/usr/bin/env python3
"""Makes C from offsets.txt.  generate.py fields|tables offsets.txt OUTPUT

fields: the members of `struct layout`, one nested structure per section.
tables: one `struct layout` per Go version and processor, and the names by which DWARF knows the fields.
"""

import sys

AMD64, ARM64 = 0, 1


def take(path, line, values, versions):
    if len(values) != len(versions):
        sys.exit(f"{path}: {len(values)} values for {len(versions)} versions: {line}")
    return values


def parse(path):
    versions, sections = [], []
    for line in open(path, encoding="utf-8"):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "versions":
            versions = words[1:]
        elif words[0].startswith("["):
            sections.append((words[0][1:-1], words[1], []))
        elif words[0] == "arm64":
            sections[-1][2][-1][2][ARM64] = take(path, line, words[1:], versions)
        else:
            values = take(path, line, words[2:], versions)
            sections[-1][2].append((words[0], words[1], [values, values]))
    return versions, sections


def fields(versions, sections):
    yield "/* Made by generate.py from offsets.txt. */"
    for name, _, members in sections:
        yield "struct {"
        yield "\tuint32_t size;"
        for member, _, _ in members[1:]:
            yield f"\tstruct field {member};"
        yield f"}} {name};"


def value(text):
    if text == "-":
        return "FIELD_ABSENT_VALUE"
    offset, _, size = text.partition(":")
    return f"{{{offset}, {size or 8}}}"


def layout(sections, column, processor):
    for name, _, members in sections:
        size = members[0][2][processor][column]
        yield f"\t\t.{name} = {{.size = {0 if size == '-' else size},"
        for member, _, values in members[1:]:
            yield f"\t\t\t.{member} = {value(values[processor][column])},"
        yield "\t\t},"


def tables(versions, sections):
    yield "/* Made by generate.py from offsets.txt. */"
    yield "const struct layout_table layout_tables[] = {"
    for column, version in enumerate(versions):
        yield f'\t{{.minor = {version.split(".")[1]}, .layouts = {{'
        for processor, name in ((AMD64, "PROCESSOR_AMD64"), (ARM64, "PROCESSOR_ARM64")):
            yield f"\t[{name}] = {{"
            yield from layout(sections, column, processor)
            yield "\t},"
        yield "\t}},"
    yield "};"
    yield "const size_t layout_table_count = sizeof(layout_tables) / sizeof(layout_tables[0]);"
    yield "const struct layout_name layout_names[] = {"
    for name, go_name, members in sections:
        yield f'\t{{"{go_name}", NULL, offsetof(struct layout, {name}.size)}},'
        for member, go_member, _ in members[1:]:
            yield f'\t{{"{go_name}", "{go_member}", offsetof(struct layout, {name}.{member})}},'
    yield "};"
    yield "const size_t layout_name_count = sizeof(layout_names) / sizeof(layout_names[0]);"


def main():
    kind, source, output = sys.argv[1:]
    lines = {"fields": fields, "tables": tables}[kind](*parse(source))
    with open(output, "w", encoding="utf-8") as file:
        if kind == "tables":
            file.write('#include <stddef.h>\n#include "layout.h"\n')
        file.write("\n".join(lines) + "\n")


main()
