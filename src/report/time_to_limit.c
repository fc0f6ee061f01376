#include "time_to_limit.h"

#include "human.h"
#include "memory_limit.h"

struct limit {
	const char *name;
	uint64_t bytes; /* 0: there is none */
	uint64_t used_bytes;
};

/* False: it does not grow, or the time between the snapshots is not known. */
static bool time_left(const struct growth *growth, const struct limit *limit, uint64_t *ret_ns)
{
	int64_t grown = growth_bytes(&growth->all);
	uint64_t left = limit->bytes > limit->used_bytes ? limit->bytes - limit->used_bytes : 0;

	if (grown <= 0 || !growth->elapsed_ns)
		return false;
	double ns = (double)left / (double)grown * (double)growth->elapsed_ns;
	*ret_ns = ns < (double)INT64_MAX ? (uint64_t)ns : INT64_MAX;
	return true;
}

static void add_limit(
	struct view *view, json_t *list, const struct growth *growth, const struct limit *limit)
{
	_cleanup_free_ char *bytes = human_bytes(limit->bytes);
	_cleanup_free_ char *used = human_bytes(limit->used_bytes);
	uint64_t left = 0;
	bool grows = time_left(growth, limit, &left);
	_cleanup_free_ char *time = human_duration(left);

	json_array_append_new(
		list, json_pack("{s:s, s:I, s:I, s:o}", "what", limit->name, "limit_bytes",
			      (json_int_t)limit->bytes, "used_bytes", (json_int_t)limit->used_bytes,
			      "left_ns", grows ? json_integer((json_int_t)left) : json_null()));
	view_line(view, grows ? LINE_BOLD : LINE_PLAIN, "%s of the %s of %s are used%s%s%s", used,
		bytes, limit->name, grows ? " · the rest lasts " : "", grows ? time : "",
		grows ? " at this rate" : "");
}

void time_to_limit_add(
	struct view *view, const struct growth *growth, const struct memory_account *memory)
{
	const struct program *program = growth->after->program;
	const struct limit limits[] = {
		{"cgroup", program->target->capture.memory_limit_bytes, memory->rss_bytes},
		{"GOMEMLIMIT", memory_limit_of_runtime(program->runtime), growth->all.after.bytes},
	};
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (limits[i].bytes)
			add_limit(view, list, growth, &limits[i]);
	}
	json_object_set_new(view_document(view), "limits", list);
}
