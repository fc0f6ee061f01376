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

static void add_documents(struct view *view, const struct analysis *analysis)
{
	const struct target *target = analysis->program->target;
	const struct executable *executable = analysis->program->executable;

	json_object_set_new(view_document(view), "target",
		json_pack("{s:s, s:i, s:o, s:o, s:s, s:b, s:o}", "kind", kind_name(target->kind),
			"pid", (int)target->pid, "exe", clean_json(executable->path), "go",
			clean_json(executable->go_version), "arch",
			processor_name(executable->processor), "stripped", executable->stripped,
			"debug_file",
			executable->names_path ? clean_json(executable->names_path) : json_null()));
	json_object_set_new(view_document(view), "capture",
		json_pack("{s:s, s:I, s:I, s:I, s:I}", "mode", target->capture.mode, "pause_ns",
			(json_int_t)target->capture.pause_ns, "elapsed_ns",
			(json_int_t)target->capture.elapsed_ns, "bytes_read",
			(json_int_t)target->capture.bytes_read, "copy_ns",
			(json_int_t)target->capture.copy_ns));
}

/* Where names come from, when it is not the executable itself. */
static const char *names_text(const struct analysis *analysis)
{
	const struct executable *executable = analysis->program->executable;

	if (executable->names_path)
		return " · has a debug file";
	if (!executable->stripped)
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
		names_text(analysis));
}
