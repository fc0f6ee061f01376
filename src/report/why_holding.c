#include "why.h"

#include "chain_table.h"
#include "holder_text.h"
#include "holding_chain.h"
#include "human.h"

enum { OTHERS_SHOWN = 3 };

static const struct column member_columns[] = {
	{"alone", "alone_bytes", CELL_BYTES, false},
	{"held by", "what", CELL_TEXT, true},
	{"what", "type", CELL_TEXT, true},
};

static const struct column shared_columns[] = {
	{"#", "row", CELL_COUNT, false},
	{"holds", "retained_bytes", CELL_BYTES, false},
	{"together with", "with", CELL_TEXT, true},
};

/* Bytes that go when all holders of a set are let go: everything that only they reach. */
static uint64_t freed_by_all(const struct analysis *analysis, set_t set)
{
	const struct retention *retention = analysis->retention;
	uint64_t bytes = 0;

	for (uint32_t other = SET_MANY + 1; other < retention->set_count; other++) {
		if (holder_sets_within(retention->sets, (set_t)other, set))
			bytes += retention->sums[other].bytes;
	}
	return bytes;
}

static void add_members(struct why *why, const struct holding *holding)
{
	struct table *table = table_create(member_columns, ARRAY_SIZE(member_columns));

	vec_foreach (member, &holding->members) {
		table_row(table);
		table_number(table, member->alone_bytes);
		table_take(table, naming_holder(why->naming, member->holder));
		table_take(table, naming_holder_type(why->naming, member->holder));
	}
	json_object_set_new(view_document(why->view), "holders", table_to_json(table));
	view_table(why->view, table);
}

static void add_holding_summary(struct why *why, const struct holding *holding)
{
	_cleanup_free_ char *held = human_bytes(holding->bytes);
	_cleanup_free_ char *objects = human_count(holding->objects);
	uint64_t freed = freed_by_all(why->analysis, holding->set);
	_cleanup_free_ char *all = human_bytes(freed);

	json_object_set_new(view_document(why->view), "holding",
		json_pack("{s:I, s:I, s:I, s:i}", "retained_bytes", (json_int_t)holding->bytes,
			"objects", (json_int_t)holding->objects, "frees_bytes", (json_int_t)freed,
			"members", (int)holding->members.count));
	if (holding->members.count <= 1) {
		view_line(why->view, LINE_PLAIN,
			"held by one: %s in %s objects, all freed when it lets go", held, objects);
		return;
	}
	view_line(why->view, LINE_PLAIN,
		"held together by %zu: %s in %s objects; when only some of them let go, none of that is freed; when all do, %s",
		holding->members.count, held, objects, all);
}

struct held_query {
	const struct retention *retention;
	set_t set;
};

static bool is_held(void *context, node_t node)
{
	const struct held_query *query = context;

	return retention_set(query->retention, node) == query->set;
}

struct error *why_holding(struct why *why, const struct holding *holding)
{
	_cleanup_free_ char *contents = holder_text_contents(why->naming, why->analysis, holding);

	add_holding_summary(why, holding);
	if (*contents)
		view_line(why->view, LINE_PLAIN, "in it: %s", contents);
	view_line(why->view, LINE_PLAIN, "%s", "");
	add_members(why, holding);
	why_allocated(why, is_held, &(struct held_query){why->analysis->retention, holding->set});
	if (!holding->members.count || !holding->steps.count)
		return NULL;
	struct path chain;
	TRY(holding_chain_find(why->analysis, holding, &chain));
	view_line(why->view, LINE_PLAIN, "%s", "");
	view_line(why->view, LINE_PLAIN, "the shortest chain to one of them:");
	struct error *error = chain_table_add(why->view, why->analysis, why->naming, &chain);
	path_deinit(&chain);
	return error;
}

static bool has_member(const struct holding *holding, uint32_t holder)
{
	vec_foreach (member, &holding->members) {
		if (member->holder == holder)
			return true;
	}
	return false;
}

static char *others_of(struct why *why, const struct holding *holding, uint32_t holder)
{
	struct text text = {0};
	unsigned shown = 0;

	vec_foreach (member, &holding->members) {
		if (member->holder == holder || shown == OTHERS_SHOWN)
			continue;
		_cleanup_free_ char *name = naming_holder(why->naming, member->holder);

		text_add(&text, "%s%s", shown++ ? ", " : "", name);
	}
	if (holding->members.count - 1 > shown)
		text_add(&text, " and %zu more", holding->members.count - 1 - shown);
	return text_take(&text);
}

struct error *why_shared(struct why *why, uint32_t holder)
{
	struct table *table = table_create(shared_columns, ARRAY_SIZE(shared_columns));
	struct holdings holdings;
	size_t left_out = 0;

	TRY(holdings_find(why->analysis, 0, &holdings));
	for (size_t i = 0; i < holdings.list.count; i++) {
		const struct holding *holding = &holdings.list.items[i];

		if (holding->members.count < 2 || !has_member(holding, holder))
			continue;
		if (why->limit && table_rows(table) >= why->limit) {
			left_out++;
			continue;
		}
		table_row(table);
		table_number(table, i + 1);
		table_number(table, holding->bytes);
		table_take(table, others_of(why, holding, holder));
	}
	holdings_deinit(&holdings);
	json_object_set_new(view_document(why->view), "shared", table_to_json(table));
	if (!table_rows(table)) {
		table_destroy(table);
		return NULL;
	}
	view_line(why->view, LINE_PLAIN, "%s", "");
	view_line(why->view, LINE_PLAIN, "held together with others (rows of the report):");
	view_table(why->view, table);
	if (left_out)
		view_line(why->view, LINE_DIM, "%zu more (--limit=0 shows all)", left_out);
	return NULL;
}
