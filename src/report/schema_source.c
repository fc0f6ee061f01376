#include "schema_source.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "clean.h"
#include "vec.h"

struct name_list {
	VEC(char *) list;
};

/* A struct type that is still to be written. */
struct pending {
	const struct any_schema *schema;
	const char *name; /* in names */
};

struct source {
	struct text *text;
	struct name_list names; /* of types */
	VEC(struct pending) pending;
};

/* A line of a struct in its columns. */
struct line {
	char *name;
	char *type;
	char *tag;
};

struct line_list {
	VEC(struct line) list;
};

static bool is_initialism(const char *word, size_t length)
{
	static const char *const known[] = {"api", "cpu", "css", "dns", "html", "http", "https",
		"id", "ip", "json", "sql", "ssh", "tcp", "tls", "ttl", "udp", "uid", "uri", "url",
		"utf8", "uuid", "xml"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (strlen(known[i]) == length && !strncasecmp(known[i], word, length))
			return true;
	}
	return false;
}

static void add_word(struct text *text, const char *word, size_t length)
{
	bool upper = is_initialism(word, length);

	for (size_t i = 0; i < length; i++) {
		char letter = i == 0 || upper ? (char)toupper((unsigned char)word[i]) : word[i];

		text_add_bytes(text, &letter, 1);
	}
}

static bool is_word(char letter)
{
	return isalnum((unsigned char)letter) && !((unsigned char)letter & 0x80);
}

void schema_source_add_name(struct text *text, const char *from)
{
	const char *at = from;
	size_t begin = text->length;

	while (*at) {
		size_t length = 0;

		while (is_word(at[length]))
			length++;
		if (length && text->length == begin && isdigit((unsigned char)*at))
			text_add(text, "Field");
		add_word(text, at, length);
		at += length + !length;
	}
	if (text->length == begin)
		text_add(text, "Field");
}

static bool has_name(const struct name_list *names, const char *name)
{
	vec_foreach (known, &names->list) {
		if (!strcmp(*known, name))
			return true;
	}
	return false;
}

/* The name, or with a number if it is taken; stays in the list. */
static const char *unique_name(struct name_list *names, const char *name)
{
	char *unique = memory_string(name);

	for (unsigned number = 2; has_name(names, unique); number++) {
		free(unique);
		unique = memory_format("%s%u", name, number);
	}
	vec_push(&names->list, unique);
	return unique;
}

static void name_list_deinit(struct name_list *names)
{
	vec_foreach (name, &names->list)
		free(*name);
	vec_deinit(&names->list);
}

/* The character at a place of UTF-8 that is well-formed, as clean_text() leaves it. */
static uint32_t next_character(const char **at)
{
	const unsigned char *bytes = (const unsigned char *)*at;
	unsigned more = bytes[0] < 0xc0 ? 0 : bytes[0] < 0xe0 ? 1 : bytes[0] < 0xf0 ? 2 : 3;
	uint32_t character = more ? bytes[0] & (0x3fu >> more) : bytes[0];

	for (unsigned i = 1; i <= more; i++)
		character = character << 6 | (bytes[i] & 0x3fu);
	*at += more + 1;
	return character;
}

/* Letters and digits, but for scripts and symbols where in doubt: such a key is left out. */
static bool is_letter(uint32_t character)
{
	enum {
		LATIN = 0xc0,
		TIMES = 0xd7,
		DIVIDED = 0xf7,
		PUNCTUATION = 0x2000,
		CJK = 0x3041,
		PRIVATE = 0xe000
	};

	if (character < 0x80)
		return isalnum((int)character);
	return character != TIMES && character != DIVIDED &&
	       ((character >= LATIN && character < PUNCTUATION) ||
		       (character >= CJK && character < PRIVATE));
}

/* What encoding/json takes as a name in a tag (encode.go, isValidTag), but for a comma and quotes,
 * which end it. */
static bool is_tag(const char *key)
{
	_cleanup_free_ char *text = clean_text(memory_string(key));

	if (!*key || !strcmp(key, "-") || strcmp(key, text) != 0)
		return false;
	for (const char *at = text; *at;) {
		uint32_t character = next_character(&at);

		if (!is_letter(character) &&
			(character >= 0x80 ||
				!strchr("!#$%&()*+-./:;<=>?@[]^_{|}~ ", (int)character)))
			return false;
	}
	return true;
}

/* "item" of package main is main.item to fmt. */
static const char *without_main(const char *name)
{
	return strncmp(name, "main.", strlen("main.")) ? name : name + strlen("main.");
}

static void add_type(struct source *source, struct text *type, const struct any_schema *schema,
	const struct any_schema *above, const char *name);

static void add_element(
	struct source *source, struct text *type, const struct any_schema *schema, const char *name)
{
	if (schema->element)
		add_type(source, type, schema->element, schema, name);
	else
		text_add(type, "any");
}

static void add_type(struct source *source, struct text *type, const struct any_schema *schema,
	const struct any_schema *above, const char *name)
{
	if (above && any_schema_is_pointer(schema, above))
		text_add(type, "*");
	switch (schema->kind) {
	case ANY_SCALAR:
		text_add(type, "%s", without_main(schema->scalar->name));
		return;
	case ANY_SLICE:
		text_add(type, "[]");
		add_element(source, type, schema, name);
		return;
	case ANY_DICTIONARY:
		text_add(type, "map[string]");
		add_element(source, type, schema, name);
		return;
	case ANY_STRUCT:
		vec_push(&source->pending, {schema, unique_name(&source->names, name)});
		text_add(type, "%s", vec_last(&source->pending)->name);
		return;
	default:
		text_add(type, "any");
	}
}

static const char *comment_of(const struct any_schema *field)
{
	return field->kind == ANY_MIXED  ? " // values of several types"
	       : field->kind == ANY_NULL ? " // nil wherever it is"
					 : "";
}

static void add_line(struct source *source, struct line_list *lines, struct name_list *used,
	const struct any_schema *field, const struct pending *above)
{
	struct text name = {0}, type = {0}, type_name = {0};

	schema_source_add_name(&name, field->key);
	text_add(&type_name, "%s%s", above->name, name.bytes);
	add_type(source, &type, field, above->schema, type_name.bytes);
	vec_push(&lines->list,
		{.name = memory_string(unique_name(used, name.bytes)),
			.type = text_take(&type),
			.tag = memory_format("`json:\"%s%s\"`%s", field->key,
				any_schema_is_optional(field, above->schema) ? ",omitempty" : "",
				comment_of(field))});
	text_deinit(&name);
	text_deinit(&type_name);
}

/* In columns, as gofmt aligns them. */
static void write_lines(struct text *text, const struct line_list *lines)
{
	int name_width = 0, type_width = 0;

	vec_foreach (line, &lines->list) {
		name_width = MAX(name_width, (int)strlen(line->name));
		type_width = MAX(type_width, (int)strlen(line->type));
	}
	vec_foreach (line, &lines->list)
		text_add(text, "\t%-*s %-*s %s\n", name_width, line->name, type_width, line->type,
			line->tag);
}

static void lines_deinit(struct line_list *lines)
{
	vec_foreach (line, &lines->list) {
		free(line->name);
		free(line->type);
		free(line->tag);
	}
	vec_deinit(&lines->list);
}

/* Keys that no tag can have. */
static void write_untagged(struct text *text, const struct any_schema *schema)
{
	vec_foreach (field, &schema->fields) {
		_cleanup_free_ char *key = clean_text(memory_string((*field)->key));

		if (!is_tag((*field)->key))
			text_add(text, "\t// no tag can name the key %s\n", key);
	}
}

static void write_struct(struct source *source, struct pending pending)
{
	struct line_list lines = {0};
	struct name_list used = {0};

	vec_foreach (field, &pending.schema->fields) {
		if (is_tag((*field)->key))
			add_line(source, &lines, &used, *field, &pending);
	}
	text_add(source->text, "type %s struct {\n", pending.name);
	write_lines(source->text, &lines);
	write_untagged(source->text, pending.schema);
	text_add(source->text, "}\n");
	lines_deinit(&lines);
	name_list_deinit(&used);
}

void schema_source_add(struct text *text, const struct any_schema *schema, const char *name)
{
	struct source source = {.text = text};

	if (schema->kind == ANY_STRUCT) {
		vec_push(&source.pending, {schema, unique_name(&source.names, name)});
	} else {
		struct text type = {0}, element = {0};

		unique_name(&source.names, name);
		text_add(&element, "%sValue", name);
		add_type(&source, &type, schema, NULL, element.bytes);
		text_add(text, "type %s %s\n", name, type.bytes);
		text_deinit(&type);
		text_deinit(&element);
	}
	for (size_t i = 0; i < source.pending.count; i++) {
		text_add(text, text->length && i + source.names.list.count > 1 ? "\n" : "");
		write_struct(&source, source.pending.items[i]);
	}
	vec_deinit(&source.pending);
	name_list_deinit(&source.names);
}
