#include "naming.h"

#include <inttypes.h>
#include <string.h>

#include "code_refs.h"
#include "sorted.h"
#include "stack_scan.h"
#include "sudog.h"
#include "type_path.h"
#include "value_text.h"

struct naming {
	const struct analysis *analysis;
	struct code_refs *refs; /* of variables without names, sorted by address */
	size_t ref_count;
};

static struct types *types_of(struct naming *naming)
{
	return (struct types *)(uintptr_t)&naming->analysis->typing->types;
}

static const struct go_variable *variable_of(const struct naming *naming, uint32_t variable)
{
	return &naming->analysis->objects->variables.items[variable];
}

struct naming *naming_create(const struct analysis *analysis)
{
	struct naming *naming = memory_alloc(sizeof(*naming));
	const struct object_graph *objects = analysis->objects;

	naming->analysis = analysis;
	naming->refs = memory_array(objects->variables.count, sizeof(*naming->refs));
	vec_foreach (variable, &objects->variables) {
		if (!variable->name)
			naming->refs[naming->ref_count++] = (struct code_refs){
				.address = variable->address, .size = variable->size};
	}
	code_refs_find(analysis->program->runtime, naming->refs, naming->ref_count);
	return naming;
}

void naming_destroy(struct naming *naming)
{
	if (!naming)
		return;
	free(naming->refs);
	free(naming);
}

static const struct code_refs *refs_of(const struct naming *naming, addr_t address)
{
	size_t low = sorted_prefix(naming->refs, naming->ref_count, item, item->address < address);

	return low < naming->ref_count && naming->refs[low].address == address ? &naming->refs[low]
									       : NULL;
}

/* "bss+0x1f40": the section and how far into it. */
static void add_place(struct text *text, const struct naming *naming, addr_t address)
{
	const struct modules *modules = &naming->analysis->program->runtime->modules;

	vec_foreach (module, &modules->list) {
		if (module->data <= address && address < module->edata)
			text_add(text, "data+0x%" PRIx64, address - module->data);
		else if (module->bss <= address && address < module->ebss)
			text_add(text, "bss+0x%" PRIx64, address - module->bss);
	}
}

/* "prometheus.init" of "github.com/prometheus/client_golang/prometheus.init". */
static const char *without_path(const char *function)
{
	const char *slash = strrchr(function, '/');

	return slash ? slash + 1 : function;
}

char *naming_variable(struct naming *naming, uint32_t number)
{
	const struct go_variable *variable = variable_of(naming, number);
	struct text text = {0};

	if (variable->name)
		return memory_string(variable->name);
	if (variable->address == naming->analysis->program->runtime->allgs)
		return memory_string("runtime.allgs");
	const struct code_refs *refs = refs_of(naming, variable->address);
	addr_t base = refs && refs->count ? refs->base : variable->address;
	add_place(&text, naming, base);
	if (base < variable->address)
		text_add(&text, "+0x%" PRIx64, variable->address - base);
	if (refs && refs->count)
		text_add(&text, " (used by %s)", without_path(refs->users[0].name));
	return text_take(&text);
}

/* The type of a variable without DWARF follows from what it refers to. */
static char *variable_type(struct naming *naming, uint32_t number)
{
	const struct object_graph *objects = naming->analysis->objects;
	const struct go_variable *variable = variable_of(naming, number);
	const struct go_type *type = types_at(types_of(naming), variable->type);

	if (type)
		return memory_string(type->name);
	struct references row = graph_references(&objects->graph, objects->first_virtual + number);
	otype_t target = row.at < row.end ? analysis_type(naming->analysis, *row.at) : NO_TYPE;
	const struct object_type *known =
		object_type_at(&naming->analysis->typing->object_types, target);
	if (target == NO_TYPE)
		return memory_string("");
	return memory_format("%s%s", known->role == ROLE_VALUE ? "*" : "", known->name);
}

char *naming_function_of_group(const struct goroutine_group *group)
{
	const struct group_frame *frame = stacks_top(group);

	return memory_string(frame ? frame->function.name : "(no stack)");
}

char *naming_line(const struct group_frame *frame)
{
	const char *file;
	int line;

	if (!pclntab_line(
		    &frame->module->functions, &frame->function, frame->line_pc, &file, &line))
		return memory_string("");
	const char *slash = strrchr(file, '/');
	return memory_format("%s:%d", slash ? slash + 1 : file, line);
}

static char *special_name(enum root_kind kind)
{
	static const char *const names[ROOT_KINDS] = {
		[ROOT_FINALIZER] = "finalizers",
		[ROOT_CLEANUP] = "cleanups",
		[ROOT_WEAK_HANDLE] = "weak handles",
		[ROOT_QUEUED_FINALIZER] = "finalizer queue",
		[ROOT_QUEUED_CLEANUP] = "cleanup queue",
	};

	return memory_string(names[kind] ? names[kind] : "roots");
}

static char *group_name(struct naming *naming, const struct goroutine_group *group)
{
	const struct stacks *stacks = &naming->analysis->objects->stacks;
	_cleanup_free_ char *function = naming_function_of_group(group);

	if (group->count > 1)
		return memory_format("goroutine %s x%u", function, group->count);
	return memory_format("goroutine %" PRIu64 " %s",
		stacks->goroutines.list.items[group->first].goid, function);
}

char *naming_holder(struct naming *naming, uint32_t number)
{
	const struct object_graph *objects = naming->analysis->objects;
	const struct holder *holder = &objects->holders.items[number];

	switch (holder->kind) {
	case HOLDER_VARIABLE:
		return naming_variable(naming, holder->index);
	case HOLDER_SPECIAL:
		return special_name((enum root_kind)holder->index);
	case HOLDER_GOROUTINES:
		break;
	}
	return group_name(naming, &objects->stacks.groups.items[holder->index]);
}

static char *group_state(struct naming *naming, const struct goroutine_group *group)
{
	const struct stacks *stacks = &naming->analysis->objects->stacks;
	const struct goroutine *first = &stacks->goroutines.list.items[group->first];
	const struct group_frame *frame = stacks_top(group);
	_cleanup_free_ char *line = frame ? naming_line(frame) : memory_string("");
	const char *reason = goroutine_wait_reason(stacks->runtime, first);

	return memory_format("%s%s%s", *reason ? reason : goroutine_status_name(first->status),
		*line ? " at " : "", line);
}

char *naming_holder_type(struct naming *naming, uint32_t number)
{
	const struct object_graph *objects = naming->analysis->objects;
	const struct holder *holder = &objects->holders.items[number];

	switch (holder->kind) {
	case HOLDER_VARIABLE:
		return variable_type(naming, holder->index);
	case HOLDER_SPECIAL:
		return memory_string("");
	case HOLDER_GOROUTINES:
		break;
	}
	return group_state(naming, &objects->stacks.groups.items[holder->index]);
}

bool naming_holder_known(const struct naming *naming, uint32_t number)
{
	const struct object_graph *objects = naming->analysis->objects;
	const struct holder *holder = &objects->holders.items[number];

	if (holder->kind != HOLDER_VARIABLE || variable_of(naming, holder->index)->name)
		return true;
	const struct go_variable *variable = variable_of(naming, holder->index);
	const struct code_refs *refs = refs_of(naming, variable->address);
	return variable->address == naming->analysis->program->runtime->allgs ||
	       (refs && refs->count);
}

static const struct goroutine_group *group_of(const struct naming *naming, uint32_t goroutine)
{
	const struct stacks *stacks = &naming->analysis->objects->stacks;

	return &stacks->groups.items[stacks->group_of[goroutine]];
}

static const struct group_frame *frame_of(
	const struct naming *naming, const struct virtual_node *node)
{
	const struct goroutine_group *group = group_of(naming, node->index);

	return node->frame < group->frames.count ? &group->frames.items[node->frame] : NULL;
}

static char *virtual_name(struct naming *naming, const struct virtual_node *node)
{
	const struct stacks *stacks = &naming->analysis->objects->stacks;
	const struct group_frame *frame;

	switch (node->kind) {
	case VIRTUAL_VARIABLE:
		return naming_variable(naming, node->index);
	case VIRTUAL_SPECIAL:
		return special_name((enum root_kind)node->index);
	case VIRTUAL_GOROUTINE:
		return memory_format(
			"goroutine %" PRIu64, stacks->goroutines.list.items[node->index].goid);
	case VIRTUAL_FRAME:
		frame = frame_of(naming, node);
		return memory_format("frame %s", frame ? frame->function.name : "(unknown)");
	case VIRTUAL_ROOT:
		break;
	}
	return memory_string("roots");
}

char *naming_node(struct naming *naming, node_t node)
{
	const struct object_graph *objects = naming->analysis->objects;

	if (node_is_virtual(objects, node))
		return virtual_name(naming, virtual_of_node(objects, node));
	return memory_string(typing_name(naming->analysis->typing, object_of_node(objects, node)));
}

char *naming_node_type(struct naming *naming, node_t node)
{
	const struct object_graph *objects = naming->analysis->objects;

	if (!node_is_virtual(objects, node))
		return naming_node(naming, node);
	const struct virtual_node *virtual_node = virtual_of_node(objects, node);
	return virtual_node->kind == VIRTUAL_VARIABLE ? variable_type(naming, virtual_node->index)
						      : memory_string("");
}

/* Looks for the first word of an object, or of a variable, that leads to another object. */
struct word_query {
	const struct heap *heap;
	object_t wanted;
	uint64_t offset;
	bool found;
};

static void match_word(void *context, uint64_t offset, addr_t value)
{
	struct word_query *query = context;

	if (query->found || !value || heap_object_at(query->heap, value) != query->wanted)
		return;
	query->offset = offset;
	query->found = true;
}

static void add_group_slot(struct naming *naming, struct text *text, const struct go_type *map,
	addr_t group, uint64_t offset)
{
	struct types *types = types_of(naming);
	const struct go_map_shape *shape = &map->map;
	const struct go_type *key = types_at(types, map->key), *elem = types_at(types, map->elem);

	for (unsigned slot = 0; slot < GROUP_SLOTS && key && elem; slot++) {
		addr_t key_at = group + shape->key_at + slot * shape->key_stride;
		uint64_t elem_offset = shape->elem_at + slot * shape->elem_stride;
		uint64_t elem_size = shape->elem_indirect ? 8 : elem->size;
		uint64_t key_offset = shape->key_at + slot * shape->key_stride;
		uint64_t key_size = shape->key_indirect ? 8 : key->size;
		bool in_elem = offset >= elem_offset && offset - elem_offset < elem_size;
		bool in_key = offset >= key_offset && offset - key_offset < key_size;
		struct reader reader = reader_over(naming->analysis->program->target);

		if (!in_elem && !in_key)
			continue;
		if (shape->key_indirect)
			key_at = reader_u64(&reader, key_at);
		text_add(text, in_key ? "key " : "");
		text_add(text, "[");
		value_text_add(text, types, key, key_at, key_at, key->size);
		text_add(text, "]");
		if (in_elem && !shape->elem_indirect)
			type_path_add(text, types, elem, offset - elem_offset);
		return;
	}
}

/* A captured variable of a closure. */
struct capture_query {
	struct naming *naming;
	uint64_t offset;
	struct text *text;
};

static void match_capture(void *context, const struct capture_field *field)
{
	struct capture_query *query = context;
	const struct go_type *type =
		types_at(types_of(query->naming), dwarf_types_ref(field->type));

	if (!field->offset || !type || query->text->length || query->offset < field->offset ||
		query->offset - field->offset >= type->size)
		return;
	text_add(query->text, "%s", field->name[0] == '&' ? field->name + 1 : field->name);
	type_path_add(query->text, types_of(query->naming), type, query->offset - field->offset);
}

static void add_capture(struct naming *naming, struct text *text, const struct object_type *closure,
	uint64_t offset)
{
	struct capture_query query = {naming, offset, text};

	debuginfo_captures(
		naming->analysis->program->debuginfo, closure->function, match_capture, &query);
	if (!text->length && closure->captures)
		type_path_add(text, types_of(naming), closure->captures, offset);
	/* Up to 1.22 the fields of the struct have the names of the variables; later X0, X1. */
	if (text->length > 1 && text->bytes[0] == '.')
		memmove(text->bytes, text->bytes + 1, text->length--);
}

/* The value of an entry of a sync.Map is named by its key, as that of a map is. */
static void add_trie_entry(struct naming *naming, struct text *text, const struct go_type *entry,
	addr_t address, uint64_t offset)
{
	struct types *types = types_of(naming);

	for (uint32_t i = 0; i < entry->field_count; i++) {
		const struct go_field *field = &entry->fields[i];
		const struct go_type *type = types_at(types, field->type);
		addr_t at = address + field->offset;

		if (!type || strcmp(field->name, "key") != 0)
			continue;
		text_add(text, "%s[", offset - field->offset < type->size ? "key " : "");
		value_text_add(text, types, type, at, at, type->size);
		text_add(text, "]");
	}
}

static char *object_reference(struct naming *naming, object_t from, object_t to)
{
	const struct analysis *analysis = naming->analysis;
	const struct span *span = heap_span_of(analysis->heap, from);
	uint32_t slot = from - span->first;
	struct word_query query = {.heap = analysis->heap, .wanted = to};
	const struct object_type *type =
		object_type_at(&analysis->typing->object_types, analysis->typing->of[from]);
	struct text text = {0};

	pointer_map_each(analysis->maps, analysis->heap, span, slot, match_word, &query);
	if (!query.found)
		return memory_string("");
	uint64_t offset = query.offset - span_header_bytes(span);
	switch (type->role) {
	case ROLE_VALUE:
		if (object_type_is_trie_entry(type))
			add_trie_entry(naming, &text, type->type,
				heap_address(analysis->heap, from) + query.offset - offset, offset);
		else
			type_path_add(&text, types_of(naming), type->type, offset);
		break;
	case ROLE_ARRAY:
	case ROLE_CHAN_BUFFER:
		text_add(&text, "[%" PRIu64 "]", offset / type->unit);
		type_path_add(&text, types_of(naming),
			type->role == ROLE_ARRAY ? type->type
						 : types_at(types_of(naming), type->type->elem),
			offset % type->unit);
		break;
	case ROLE_MAP_GROUPS:
		add_group_slot(naming, &text, type->type,
			span->start + slot * span->elemsize + (query.offset - offset) +
				offset / type->unit * type->unit,
			offset % type->unit);
		break;
	case ROLE_CLOSURE:
		add_capture(naming, &text, type, offset);
		break;
	case ROLE_UNKNOWN:
		text_add(&text, "+0x%" PRIx64, offset);
		break;
	default:
		break;
	}
	return text_take(&text);
}

static char *variable_reference(struct naming *naming, uint32_t number, object_t to)
{
	const struct go_variable *variable = variable_of(naming, number);
	struct reader reader = reader_over(naming->analysis->program->target);
	struct word_query query = {.heap = naming->analysis->heap, .wanted = to};
	struct text text = {0};

	for (uint64_t offset = 0; offset + 8 <= variable->size && !query.found; offset += 8) {
		match_word(&query, offset, reader_u64(&reader, variable->address + offset));
		reader.failed = false;
	}
	if (query.found)
		type_path_add(&text, types_of(naming), types_at(types_of(naming), variable->type),
			query.offset);
	return text_take(&text);
}

/* The word of a frame that leads to an object, and the variable that it is. */
struct frame_query {
	struct naming *naming;
	const struct frames *frames;
	uint32_t frame;
	object_t wanted;
	addr_t at; /* 0: not found, or in a register */
	struct text text;
};

static void match_stack_word(void *context, const struct stack_word *word)
{
	struct frame_query *query = context;

	if (word->frame == query->frame && !query->at &&
		heap_object_at(query->naming->analysis->heap, word->value) == query->wanted)
		query->at = word->at;
}

static void match_local(void *context, const struct local *local)
{
	struct frame_query *query = context;
	const struct frame *frame = &query->frames->list.items[query->frame];
	const struct go_type *type =
		types_at(types_of(query->naming), dwarf_types_ref(local->type));
	int64_t offset = (int64_t)(query->at - frame->fp) - local->offset;

	if (!type || offset < 0 || local->from >= type->size ||
		(uint64_t)offset >= MIN(local->bytes, type->size - local->from) ||
		query->text.length || !local->name[0])
		return;
	text_add(&query->text, "%s", local->name[0] == '&' ? local->name + 1 : local->name);
	type_path_add(&query->text, types_of(query->naming), type, local->from + (uint64_t)offset);
}

/* A value that is being sent, and is in no variable. */
static void match_waiting(void *context, const struct sudog *sudog)
{
	struct frame_query *query = context;
	struct types *types = types_of(query->naming);
	const struct go_type *type = types_at(types, sudog->elem_type);

	if (!type || query->text.length || query->at - sudog->elem >= type->size)
		return;
	text_add(&query->text, "chan value");
	type_path_add(&query->text, types, type, query->at - sudog->elem);
}

static char *frame_reference(struct naming *naming, const struct virtual_node *node, object_t to)
{
	const struct object_graph *objects = naming->analysis->objects;
	const struct goruntime *runtime = naming->analysis->program->runtime;
	const struct goroutine *goroutine = &objects->stacks.goroutines.list.items[node->index];
	struct frames frames;
	struct frame_query query = {
		.naming = naming, .frames = &frames, .frame = node->frame, .wanted = to};

	unwind(runtime, goroutine, &frames);
	stack_scan(runtime, goroutine, &frames, match_stack_word, &query);
	if (query.at && node->frame < frames.list.count) {
		const struct frame *frame = &frames.list.items[node->frame];

		debuginfo_locals(naming->analysis->program->debuginfo, frame->function.entry,
			frame_line_pc(frame), match_local, &query);
		sudogs_each(runtime, goroutine, match_waiting, &query);
		if (!query.text.length)
			text_add(&query.text, "sp+0x%" PRIx64, query.at - frame->sp);
	}
	frames_deinit(&frames);
	return text_take(&query.text);
}

char *naming_reference(struct naming *naming, node_t from, node_t to)
{
	const struct object_graph *objects = naming->analysis->objects;

	if (node_is_virtual(objects, to))
		return memory_string("");
	object_t target = object_of_node(objects, to);
	if (!node_is_virtual(objects, from))
		return object_reference(naming, object_of_node(objects, from), target);
	const struct virtual_node *node = virtual_of_node(objects, from);
	if (node->kind == VIRTUAL_VARIABLE)
		return variable_reference(naming, node->index, target);
	if (node->kind == VIRTUAL_FRAME)
		return frame_reference(naming, node, target);
	return memory_string("");
}
