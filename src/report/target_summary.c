#include "target_summary.h"

#include <string.h>

#include "clean.h"
#include "human.h"
#include "memory.h"

static const char *kind_name(enum target_kind kind)
{
	switch (kind) {
	case TARGET_PROCESS:
		return "process";
	case TARGET_CORE:
		return "core";
	case TARGET_SNAPSHOT:
		return "snapshot";
	}
	return "";
}

static bool is_stripped(const struct executable *executable)
{
	return !executable->has_dwarf && !executable->has_symbols;
}

static void add_documents(struct view *view, const struct analysis *analysis)
{
	const struct target *target = analysis->program->target;
	const struct executable *executable = analysis->program->executable;

	json_object_set_new(view_document(view), "target",
		json_pack("{s:s, s:i, s:o, s:o, s:s, s:b}", "kind", kind_name(target->kind), "pid",
			(int)target->pid, "exe", clean_json(executable->path), "go",
			clean_json(executable->go_version), "arch", "amd64", "stripped",
			is_stripped(executable)));
	json_object_set_new(view_document(view), "capture",
		json_pack("{s:s, s:I, s:I, s:I}", "mode", target->capture.mode, "pause_ns",
			(json_int_t)target->capture.pause_ns, "elapsed_ns",
			(json_int_t)target->capture.elapsed_ns, "bytes_read",
			(json_int_t)target->capture.bytes_read));
}

/* Without the file it is not known whether it has names. */
static const char *names_missing(const struct analysis *analysis)
{
	if (!is_stripped(analysis->program->executable))
		return "";
	return analysis->program->target->exe_is_image ? " · its executable is not here (--exe)"
						       : " · stripped";
}

static char *where(const struct target *target)
{
	_cleanup_free_ char *uptime = human_duration(target->capture.uptime_ns);
	const char *up = target->capture.uptime_ns ? uptime : NULL;

	return memory_format("%s %d%s%s",
		target->kind == TARGET_PROCESS ? "pid" : kind_name(target->kind), target->pid,
		up ? " · up " : "", up ? up : "");
}

void target_summary_add(struct view *view, const struct analysis *analysis)
{
	const struct target *target = analysis->program->target;
	const struct executable *executable = analysis->program->executable;
	_cleanup_free_ char *place = where(target);

	add_documents(view, analysis);
	view_line(view, LINE_BOLD, "%s · %s · %s%s", target->name, place, executable->go_version,
		names_missing(analysis));
}
