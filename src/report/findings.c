#include "findings.h"

#include <ctype.h>
#include <inttypes.h>

#include "clean.h"
#include "finding_kind.h"
#include "human.h"

static const struct column columns[] = {
	{"#", NULL, CELL_TEXT, false},
	{"holds", NULL, CELL_BYTES, false},
	{"count", NULL, CELL_COUNT, false},
	{"tier", NULL, CELL_TEXT, false},
	{"finding", NULL, CELL_TEXT, true},
};

/* A number is good for silt why of the same target; with two targets there is no such one. */
enum { COLUMNS_OF_NUMBER = 1 };

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* "main.worker at pool.go:41: chan receive" */
static char *what_text(const struct finding *finding)
{
	const char *state = or_empty(finding->state);

	return memory_format("%s%s%s", finding->subject, *state ? ": " : "", state);
}

static json_t *evidence_json(const struct evidence *evidence)
{
	switch (evidence->unit) {
	case EVIDENCE_TEXT:
		return clean_json(evidence->text);
	case EVIDENCE_ADDRESS:
		return json_sprintf("0x%" PRIx64, evidence->value);
	case EVIDENCE_UNKNOWN:
		return json_null();
	default:
		return json_integer((json_int_t)evidence->value);
	}
}

static json_t *path_json(const struct finding *finding)
{
	json_t *path = json_array();

	vec_foreach (link, &finding->path)
		json_array_append_new(path, clean_json(*link));
	return path;
}

static json_t *finding_growth_json(const struct finding_growth *growth)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "objects", (json_int_t)growth->objects, "bytes",
		(json_int_t)growth->bytes, "survivors", (json_int_t)growth->survivors,
		"bytes_per_minute", (json_int_t)growth->bytes_per_minute);
}

/* The figures of the evidence stand beside what all findings have. */
static json_t *finding_json(const struct finding *finding)
{
	_cleanup_free_ char *id = finding_id(finding), *what = what_text(finding);
	json_t *document = json_pack(
		"{s:o, s:o, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:s}", "id",
		clean_json(id), "fingerprint",
		json_sprintf("%016" PRIx64, finding_fingerprint(finding)), "kind",
		finding->kind->name, "tier", tier_name(finding->tier), "holds_bytes",
		(json_int_t)finding->holds_bytes, "frees_bytes", (json_int_t)finding->frees_bytes,
		"stack_bytes", (json_int_t)finding->stack_bytes, "count",
		(json_int_t)finding->count, "what", clean_json(what), "detail",
		clean_json(or_empty(finding->detail)), "type", clean_json(or_empty(finding->type)),
		"path", path_json(finding), "fix", or_empty(finding->fix));

	if (finding->goid)
		json_object_set_new(document, "goid", json_integer((json_int_t)finding->goid));
	if (finding->address)
		json_object_set_new(
			document, "address", json_sprintf("0x%" PRIx64, finding->address));
	if (finding->growth.known)
		json_object_set_new(document, "growth", finding_growth_json(&finding->growth));
	if (finding->allocated_at)
		json_object_set_new(document, "allocated_at", clean_json(finding->allocated_at));
	vec_foreach (evidence, &finding->evidence)
		json_object_set_new(document, evidence->key, evidence_json(evidence));
	return document;
}

static void add_row(struct table *table, const struct finding *finding)
{
	const struct finding_kind *kind = finding->kind;
	bool compared = finding->growth.known;

	table_row(table);
	if (!compared)
		table_take(table, memory_format("f%zu", table_rows(table) + 1));
	table_number(table, finding->holds_bytes);
	table_number(table, finding->count);
	table_text(table, tier_name(finding->tier));
	table_take(table,
		memory_format("%s: %s", finding->count > 1 && kind->many ? kind->many : kind->one,
			finding->subject));
	if (finding->state)
		table_note(table, memory_string(finding->state));
	if (finding->detail)
		table_note(table, memory_string(finding->detail));
	vec_foreach (note, &finding->notes)
		table_note(table, memory_string(*note));
	if (finding->allocated_at)
		table_note(table, memory_format("allocated at %s", finding->allocated_at));
	if (compared && finding->fix)
		table_note(table, memory_format("to mend it: %s", finding->fix));
}

static void add_table(struct view *view, const struct finding_list *findings, size_t limit)
{
	size_t shown = limit ? MIN(limit, findings->list.count) : findings->list.count;
	unsigned first = findings->list.items[0].growth.known ? COLUMNS_OF_NUMBER : 0;
	struct table *table = table_create(columns + first, ARRAY_SIZE(columns) - first);

	for (size_t i = 0; i < shown; i++)
		add_row(table, &findings->list.items[i]);
	view_line(view, LINE_PLAIN, "%s", "");
	view_line(view, LINE_BOLD, findings->list.count == 1 ? "%zu finding" : "%zu findings",
		findings->list.count);
	view_line(view, LINE_PLAIN, "%s", "");
	view_table(view, table);
	if (shown < findings->list.count)
		view_line(view, LINE_DIM, "%zu more (--limit=0 shows all)",
			findings->list.count - shown);
}

void findings_show(struct view *view, const struct finding_list *findings, size_t limit)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->list.count && (!limit || i < limit); i++)
		json_array_append_new(list, finding_json(&findings->list.items[i]));
	json_object_set_new(view_document(view), "findings", list);
	if (findings->list.count)
		add_table(view, findings, limit);
}

void finding_show(struct view *view, const struct finding *finding)
{
	_cleanup_free_ char *what = what_text(finding);
	_cleanup_free_ char *holds = human_bytes(finding->holds_bytes);
	_cleanup_free_ char *frees = human_bytes(finding->frees_bytes);

	json_object_set_new(view_document(view), "finding", finding_json(finding));
	view_line(view, LINE_PLAIN, "%s", "");
	view_line(view, LINE_BOLD, "%s (%s): %s", finding->kind->name, tier_name(finding->tier),
		what);
	if (finding->detail)
		view_line(view, LINE_PLAIN, "%s", finding->detail);
	vec_foreach (note, &finding->notes)
		view_line(view, LINE_PLAIN, "%s", *note);
	view_line(view, LINE_PLAIN, "holds %s, mending it frees %s", holds, frees);
	if (finding->fix)
		view_line(view, LINE_PLAIN, "to mend it: %s", finding->fix);
	view_line(view, LINE_PLAIN, "%s", "");
}

bool findings_is_number(const char *text, uint64_t *ret)
{
	char *end;

	if (text[0] != 'f' || !isdigit((unsigned char)text[1]))
		return false;
	*ret = strtoull(text + 1, &end, 10);
	return !*end;
}

struct error *findings_numbered(const struct analysis *analysis, struct naming *naming,
	const struct inventory *inventory, uint64_t number, struct finding_list *ret_findings,
	const struct finding **ret)
{
	struct finding_list findings;

	TRY(findings_find(analysis, naming, inventory, NULL, &findings));
	if (!number || number > findings.list.count) {
		struct error *error =
			error_create(ERROR_USAGE, "there is no finding f%llu; the report has %zu",
				(unsigned long long)number, findings.list.count);

		finding_list_deinit(&findings);
		return error;
	}
	*ret_findings = findings;
	*ret = &findings.list.items[number - 1];
	return NULL;
}
