/* Opens a snapshot or core with a layout that is not its own, and says which check refuses it.
 *
 *   layouts CORE VERSION                 with the layout of "go1.26"
 *   layouts CORE STRUCTURE FIELD BYTES   with its own, one field moved by so many bytes
 *   layouts CORE dwarf                   every field moved in turn, compared with DWARF only
 *
 * Prints "accepted", or the error; for every field "refused" or "accepted" with its name.
 */
#include <stdio.h>
#include <string.h>

#include "core_file.h"
#include "goroutine.h"
#include "heap.h"
#include "layout_check.h"
#include "pointer_map.h"

/* Moves a field, by the names of layout/offsets.txt that Go has for it (some have several, with
 * '|'). */
static bool displace(struct layout *layout, const char *structure, const char *name, int bytes)
{
	for (size_t i = 0; i < layout_name_count; i++) {
		const struct layout_name *known = &layout_names[i];
		struct field *field = (struct field *)((char *)layout + known->at);

		if (!known->field || strcmp(known->structure, structure) != 0 ||
			strcmp(known->field, name) != 0 || !field_present(*field))
			continue;
		field->at += (uint32_t)bytes;
		return true;
	}
	return false;
}

static struct error *check(const struct target *target, const struct executable *executable,
	const struct layout *layout)
{
	_cleanup_(cleanup_goruntime) struct goruntime *runtime = NULL;
	_cleanup_(cleanup_heap) struct heap *heap = NULL;
	struct goroutines goroutines;

	TRY(goruntime_open_with(target, executable, layout, &runtime));
	TRY(heap_load(runtime, &heap));
	TRY(goroutines_load(runtime, &goroutines));
	goroutines_deinit(&goroutines);
	return NULL;
}

static struct error *choose(
	const struct executable *executable, int count, char **arguments, struct layout *ret)
{
	if (count == 3)
		return layout_for_version(arguments[2], executable->processor, ret);
	TRY(layout_for_version(executable->go_version, executable->processor, ret));
	if (count == 5 && !displace(ret, arguments[2], arguments[3], atoi(arguments[4])))
		return error_create(
			ERROR_USAGE, "this version has no %s.%s", arguments[2], arguments[3]);
	return NULL;
}

/* Fields of structures that DWARF does not have are left out. */
static struct error *displace_all(const struct executable *executable)
{
	_cleanup_(cleanup_debuginfo) struct debuginfo *debuginfo = NULL;
	struct layout own;

	TRY(layout_for_version(executable->go_version, executable->processor, &own));
	TRY(debuginfo_open(executable, &debuginfo));
	TRY(layout_check(&own, debuginfo));
	for (size_t i = 0; i < layout_name_count; i++) {
		const struct layout_name *name = &layout_names[i];
		struct layout moved = own;

		if (!name->field || !displace(&moved, name->structure, name->field, 8))
			continue;
		struct error *error = layout_check(&moved, debuginfo);
		printf("%s %s.%s\n", error ? "refused" : "accepted", name->structure, name->field);
		error_destroy(error);
	}
	return NULL;
}

static struct error *run(int count, char **arguments)
{
	_cleanup_(cleanup_target) struct target *target = NULL;
	_cleanup_(cleanup_executable) struct executable *executable = NULL;
	struct layout layout;

	TRY(core_file_open(arguments[1], NULL, &target));
	TRY(executable_open(target, &executable));
	if (count == 3 && !strcmp(arguments[2], "dwarf"))
		return displace_all(executable);
	TRY(choose(executable, count, arguments, &layout));
	struct error *error = check(target, executable, &layout);
	printf("%s\n", error ? error->message : "accepted");
	error_destroy(error);
	return NULL;
}

int main(int count, char **arguments)
{
	if (count != 2 && count != 3 && count != 5) {
		fprintf(stderr, "usage: layouts CORE [VERSION | dwarf | STRUCTURE FIELD BYTES]\n");
		return 2;
	}
	struct error *error = run(count, arguments);
	if (!error)
		return 0;
	fprintf(stderr, "layouts: %s\n", error->message);
	error_destroy(error);
	return 1;
}
