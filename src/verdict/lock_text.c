#include "lock_text.h"

#include <string.h>

static char *variable_text(const struct analysis *analysis, const struct waited_for *waited_for)
{
	const struct program *program = analysis->program;
	struct go_variable variable =
		variable_at(program->runtime, program->debuginfo, waited_for->address);
	const char *type = lock_type_name(waited_for->lock);

	return memory_format("%s%s%s", type, *type ? " " : "",
		variable.name ? variable.name : "in a package variable");
}

char *lock_text(
	const struct analysis *analysis, struct naming *naming, const struct waited_for *waited_for)
{
	const char *type = lock_type_name(waited_for->lock);

	if (waited_for->node == NO_NODE)
		return variable_text(analysis, waited_for);
	_cleanup_free_ char *object = naming_node(naming, waited_for->node);
	return *type && strcmp(type, object) != 0 ? memory_format("%s in %s", type, object)
						  : memory_string(object);
}
