#include "clock.h"
#include "finding_kind.h"
#include "findings.h"
#include "growth_tables.h"
#include "human.h"
#include "target_summary.h"
#include "time_to_limit.h"
#include "views.h"

static json_t *heap_json(const struct growth *growth)
{
	const struct growth_sum *all = &growth->all;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "before_bytes",
		(json_int_t)all->before.bytes, "before_objects", (json_int_t)all->before.objects,
		"live_bytes", (json_int_t)all->after.bytes, "live_objects",
		(json_int_t)all->after.objects, "survived_bytes", (json_int_t)all->survived.bytes,
		"survived_objects", (json_int_t)all->survived.objects, "born_objects",
		(json_int_t)(all->after.objects - all->survived.objects), "died_objects",
		(json_int_t)(all->before.objects - all->survived.objects), "born_bytes",
		(json_int_t)(all->after.bytes - all->survived.bytes), "growth",
		growth_json(growth, all));
}

static void add_documents(struct view *view, const struct growth *growth, uint64_t took_ns)
{
	json_t *document = view_document(view);

	json_object_set_new(document, "elapsed_ns",
		growth->elapsed_ns ? json_integer((json_int_t)growth->elapsed_ns) : json_null());
	json_object_set_new(
		document, "snapshots", json_integer((json_int_t)growth->step_count + 1));
	json_object_set_new(
		document, "collections", json_integer((json_int_t)growth->survival.collections));
	json_object_set_new(document, "exact", json_boolean(growth->survival.exact));
	json_object_set_new(document, "took_ns", json_integer((json_int_t)took_ns));
	json_object_set_new(document, "heap", heap_json(growth));
}

/* "5.13 MB more", "5.13 MB less", "as much as" */
static char *change_text(int64_t grown)
{
	_cleanup_free_ char *amount = human_bytes((uint64_t)(grown < 0 ? -grown : grown));

	return grown ? memory_format("%s %s than", amount, grown < 0 ? "less" : "more")
		     : memory_string("as much as");
}

/* "35.6 MB live, 5.13 MB more than 1m 0s before: 5.13 MB a minute" */
static void add_growth(struct view *view, const struct growth *growth)
{
	int64_t rate = growth_per_minute(growth, growth_bytes(&growth->all));
	_cleanup_free_ char *live = human_bytes(growth->all.after.bytes);
	_cleanup_free_ char *change = change_text(growth_bytes(&growth->all));
	_cleanup_free_ char *elapsed = human_duration(growth->elapsed_ns);
	_cleanup_free_ char *minute = human_bytes((uint64_t)(rate < 0 ? -rate : rate));

	if (!growth->elapsed_ns)
		view_line(view, LINE_PLAIN, "%s live, %s before", live, change);
	else if (!rate)
		view_line(view, LINE_PLAIN, "%s live, %s %s before", live, change, elapsed);
	else
		view_line(view, LINE_PLAIN, "%s live, %s %s before: %s%s a minute", live, change,
			elapsed, rate < 0 ? "-" : "", minute);
}

static void add_survivors(struct view *view, const struct growth *growth, uint64_t took_ns)
{
	const struct growth_sum *all = &growth->all;
	uint64_t collections = growth->survival.collections;
	_cleanup_free_ char *before = human_rough_count(all->before.objects);
	_cleanup_free_ char *kept = human_percent(all->survived.objects, all->before.objects);
	_cleanup_free_ char *born = human_rough_count(all->after.objects - all->survived.objects);
	_cleanup_free_ char *took = human_duration(took_ns);

	view_line(view, LINE_PLAIN, "%s%s of the %s objects of then are still there · %s are new",
		growth->survival.exact ? "" : "at least ", kept, before, born);
	view_line(view, LINE_PLAIN, "%llu collection%s between them · took %s",
		(unsigned long long)collections, collections == 1 ? "" : "s", took);
}

static void fill(struct view *view, const struct diff *diff, struct naming *naming,
	const struct finding_list *findings, const struct view_options *options)
{
	const struct growth_view tables = {view, diff->growth, naming, options->limit};
	uint64_t took = clock_now() - options->began_ns;

	target_summary_add(view, diff->growth->after);
	add_documents(view, diff->growth, took);
	add_growth(view, diff->growth);
	time_to_limit_add(view, diff->growth, &diff->inventory->memory);
	add_survivors(view, diff->growth, took);
	findings_show(view, findings, options->limit);
	growth_tables_add_holders(&tables);
	growth_tables_add_types(&tables);
	growth_tables_add_goroutines(&tables);
}

struct error *view_diff(
	const struct diff *diff, const struct view_options *options, struct view **ret)
{
	const struct analysis *analysis = diff->growth->after;
	_cleanup_(cleanup_naming) struct naming *naming = naming_create(analysis);
	struct finding_list findings;

	TRY(findings_find(analysis, naming, diff->inventory, diff->growth, &findings));
	moment_compare(diff->first, diff->growth, &findings);
	struct view *view = view_create();
	fill(view, diff, naming, &findings, options);
	finding_list_deinit(&findings);
	*ret = view;
	return NULL;
}
