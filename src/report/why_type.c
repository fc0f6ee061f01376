#include "why.h"

#include <string.h>

#include "chain_table.h"
#include "clean.h"
#include "holder_text.h"
#include "human.h"

enum { NAMES_SHOWN = 3 };

static const struct column set_columns[] = {
	{"objects", "objects", CELL_COUNT, false},
	{"shallow", "shallow_bytes", CELL_BYTES, false},
	{"held by", "holders", CELL_TEXT, true},
};

/* Instances of a type, by the holders that reach them. */
struct instances {
	const struct analysis *analysis;
	const char *name;
	uint64_t *removed; /* bits by node */
	struct set_sum *by_set;
	struct set_sum total;
};

static bool is_instance(const struct instances *instances, node_t node)
{
	const struct analysis *analysis = instances->analysis;

	return !node_is_virtual(analysis->objects, node) &&
	       retention_alive(analysis->retention, node) &&
	       !strcmp(typing_name(analysis->typing, object_of_node(analysis->objects, node)),
		       instances->name);
}

static bool is_instance_target(const void *context, node_t node)
{
	return is_instance(context, node);
}

static bool is_sampled_instance(void *context, node_t node)
{
	return is_instance(context, node);
}

static void collect_instances(struct instances *instances)
{
	const struct graph *graph = analysis_graph(instances->analysis);

	for (node_t node = 0; node < graph->count; node++) {
		if (!is_instance(instances, node))
			continue;
		set_t set = retention_set(instances->analysis->retention, node);
		uint64_t bytes = graph_weight(graph, node);

		bitset_add(instances->removed, node);
		instances->by_set[set].objects++;
		instances->by_set[set].bytes += bytes;
		instances->total.objects++;
		instances->total.bytes += bytes;
	}
}

static void add_sets(struct why *why, struct instances *instances)
{
	struct table *table = table_create(set_columns, ARRAY_SIZE(set_columns));
	uint32_t sets = why->analysis->retention->set_count;

	for (size_t row = 0; !why->limit || row < why->limit; row++) {
		uint32_t best = 0;

		for (uint32_t set = 1; set < sets; set++) {
			if (instances->by_set[set].bytes > instances->by_set[best].bytes)
				best = set;
		}
		if (!instances->by_set[best].objects)
			break;
		table_row(table);
		table_number(table, instances->by_set[best].objects);
		table_number(table, instances->by_set[best].bytes);
		table_take(table,
			holder_text_names(why->naming, why->analysis, (set_t)best, NAMES_SHOWN));
		instances->by_set[best] = (struct set_sum){0};
	}
	json_object_set_new(view_document(why->view), "holders", table_to_json(table));
	view_line(why->view, LINE_PLAIN, "%s", "");
	view_table(why->view, table);
}

static void add_type_summary(
	struct why *why, const struct instances *instances, const struct freed *freed)
{
	_cleanup_free_ char *count = human_count(instances->total.objects);
	_cleanup_free_ char *shallow = human_bytes(instances->total.bytes);
	_cleanup_free_ char *together = human_bytes(freed->bytes);

	json_object_set_new(view_document(why->view), "type",
		json_pack("{s:o, s:I, s:I, s:I}", "type", clean_json(instances->name), "objects",
			(json_int_t)instances->total.objects, "shallow_bytes",
			(json_int_t)instances->total.bytes, "retained_bytes",
			(json_int_t)freed->bytes));
	view_line(why->view, LINE_PLAIN, "%s x %s: %s themselves, together they keep %s alive",
		count, instances->name, shallow, together);
}

struct error *why_type(struct why *why, const char *name)
{
	const struct analysis *analysis = why->analysis;
	const struct graph *graph = analysis_graph(analysis);
	struct instances instances = {
		.analysis = analysis,
		.name = name,
		.removed = memory_array(BITSET_WORDS(graph->count), 8),
		.by_set = memory_array(analysis->retention->set_count, sizeof(struct set_sum)),
	};
	struct freed freed;
	struct path path = {0};

	collect_instances(&instances);
	struct error *error = cuts_free_together(analysis, instances.removed, &freed);
	if (!error) {
		add_type_summary(why, &instances, &freed);
		add_sets(why, &instances);
		why_allocated(why, is_sampled_instance, &instances);
		error = paths_find(analysis, NO_NODE, is_instance_target, &instances, &path);
	}
	if (!error) {
		view_line(why->view, LINE_PLAIN, "%s", "");
		view_line(why->view, LINE_PLAIN, "the shortest chain to one of them:");
		error = chain_table_add(why->view, analysis, why->naming, &path);
	}
	path_deinit(&path);
	free(instances.removed);
	free(instances.by_set);
	return error;
}
