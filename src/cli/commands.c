#include "command.h"

static struct error *show_report(const struct analysis *analysis,
	const struct view_options *options, const struct invocation *invocation, struct view **ret)
{
	(void)invocation;
	return view_report(analysis, options, ret);
}

static struct error *show_why(const struct analysis *analysis, const struct view_options *options,
	const struct invocation *invocation, struct view **ret)
{
	return view_why(analysis, options, invocation->what, ret);
}

static struct error *show_maps(const struct analysis *analysis, const struct view_options *options,
	const struct invocation *invocation, struct view **ret)
{
	(void)invocation;
	return view_maps(analysis, options, ret);
}

static struct error *show_goroutines(const struct analysis *analysis,
	const struct view_options *options, const struct invocation *invocation, struct view **ret)
{
	(void)invocation;
	return view_goroutines(analysis, options, ret);
}

static struct error *show_types(const struct analysis *analysis, const struct view_options *options,
	const struct invocation *invocation, struct view **ret)
{
	(void)invocation;
	return view_types(analysis, options, ret);
}

static struct error *show_schema(const struct analysis *analysis,
	const struct view_options *options, const struct invocation *invocation, struct view **ret)
{
	(void)options;
	return view_schema(analysis, invocation->what, ret);
}

const struct command commands[] = {
	{
		.name = "report",
		.arguments = "TARGET",
		.summary = "what the process holds, and who holds it",
		.description =
			"Shows the live heap of a Go program, and who holds it: package variables, "
			"goroutines, and those that hold something together.",
		.argument_count = 1,
		.show = show_report,
	},
	{
		.name = "why",
		.arguments = "TARGET ADDRESS|TYPE|VARIABLE|ROW|fN|goid:N",
		.summary = "why something is still there",
		.description =
			"Shows the shortest chain of references to an object, a type, a package "
			"variable, a finding of the report (f1), or what a row of it holds, and what "
			"cutting each link of the chain would free. Of a goroutine: what it waits for, and who can "
			"wake it or why nobody can.",
		.argument_count = 2,
		.show = show_why,
	},
	{
		.name = "maps",
		.arguments = "TARGET",
		.summary = "every map: entries, slots, bytes, who holds it",
		.description =
			"Lists all maps and sync.Maps that are alive, with what they retain.",
		.argument_count = 1,
		.show = show_maps,
	},
	{
		.name = "goroutines",
		.arguments = "TARGET",
		.summary = "goroutines by stack, and what they hold",
		.description =
			"Lists goroutines, grouped by their stacks, with their state and the bytes that only they hold.",
		.argument_count = 1,
		.show = show_goroutines,
	},
	{
		.name = "types",
		.arguments = "TARGET",
		.summary = "objects and bytes by type",
		.description =
			"Shows how many objects of each type are alive, their bytes, and the bytes that all objects of a type keep alive together.",
		.argument_count = 1,
		.show = show_types,
	},
	{
		.name = "diff",
		.arguments = "TARGET TARGET\n--every=TIME [--times=N] PID",
		.summary = "what grows between snapshots, who holds it, how long it fits",
		.description =
			"Compares two snapshots of one process, the earlier one first, or takes them "
			"itself: which objects were born, survived and died, what has grown by how "
			"much a minute, and how long the memory lasts.",
		.argument_count = 2,
		.compares = true,
	},
	{
		.name = "schema",
		.arguments = "TARGET ADDRESS|FINDING",
		.summary = "the Go struct that fits a map[string]any",
		.description =
			"Prints the Go struct, with tags for encoding/json, that fits all trees of "
			"map[string]any of a finding (f1, its id, or what it is about), all "
			"that the object at an address holds, or the one map that is there.",
		.argument_count = 2,
		.show = show_schema,
	},
	{
		.name = "snap",
		.arguments = "TARGET -o FILE",
		.summary = "write a snapshot that the other commands read",
		.description =
			"Writes a core file of a running process, or the smaller one that a core file "
			"makes: without the objects that hold no pointers, and with what is needed to "
			"read it on another machine. Compressed when FILE ends with .zst.",
		.argument_count = 1,
		.makes_file = true,
	},
	{.name = NULL},
};
