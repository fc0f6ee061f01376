#include "lock_text.h"

#include <string.h>

#include "channel.h"

static char *variable_text(const struct analysis *analysis, const struct waited_for *waited_for)
{
	const struct program *program = analysis->program;
	const struct stacks *stacks = &analysis->objects->stacks;
	struct go_variable variable =
		variable_at(program->runtime, program->debuginfo, waited_for->address);
	const char *type = lock_type_name(waited_for->lock);

	if (variable.name)
		return memory_format("%s%s%s", type, *type ? " " : "", variable.name);
	_cleanup_free_ char *user = naming_function_of_group(
		&stacks->groups.items[stacks->group_of[waited_for->first_waiter]]);
	return memory_format("%s%sin a variable used by %s", type, *type ? " " : "", user);
}

static char *channel_text(const struct analysis *analysis, const struct waited_for *waited_for)
{
	struct channel channel;

	return channel_read(&analysis->typing->types, waited_for->address, &channel) &&
			       channel.element
		       ? memory_format("chan %s", channel.element->name)
		       : memory_string("a channel");
}

char *lock_text(
	const struct analysis *analysis, struct naming *naming, const struct waited_for *waited_for)
{
	const char *type = lock_type_name(waited_for->lock);

	if (waited_for->node == NO_NODE)
		return variable_text(analysis, waited_for);
	if (waited_for->of_channel)
		return channel_text(analysis, waited_for);
	if (analysis_type(analysis, waited_for->node) == NO_TYPE)
		return memory_string(*type ? type : "a sync.Cond");
	_cleanup_free_ char *object = naming_node(naming, waited_for->node);
	return *type && strcmp(type, object) != 0 ? memory_format("%s in %s", type, object)
						  : memory_string(object);
}
