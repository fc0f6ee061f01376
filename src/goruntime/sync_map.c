#include "sync_map.h"

#include <string.h>

#include "cycle.h"
#include "gomap.h"

enum {
	CHILDREN = 16,
	INDIRECT_CHILDREN = 24, /* indirect: isEntry, dead, mu, parent, children */
	INDIRECT_SIZE = INDIRECT_CHILDREN + 8 * CHILDREN,
	ENTRY_OVERFLOW = 8, /* entry: isEntry, overflow, key, value */
	ENTRY_KEY = 16,
	INTERFACE_SIZE = 16, /* the keys of a sync.Map */
	ENTRY_SIZE = 48,
	MAX_DEPTH = 32, /* of a trie: 64 bits of hash, 4 a level */
	MAX_NODES = 1 << 28,
};

static bool is_trie(const struct go_type *type)
{
	return !strncmp(type->name, "sync.HashTrieMap[", 17) ||
	       !strncmp(type->name, "concurrent.HashTrieMap[", 23);
}

bool sync_map_is(const struct go_type *type)
{
	return type->kind == KIND_STRUCT && (!strcmp(type->name, "sync.Map") || is_trie(type));
}

static const struct go_field *field_of(const struct go_type *type, const char *name)
{
	for (uint32_t i = 0; type && i < type->field_count; i++) {
		if (!strcmp(type->fields[i].name, name))
			return &type->fields[i];
	}
	return NULL;
}

/* Who wants the keys; `visit` is NULL when nobody does. */
struct key_visitor {
	sync_map_key_fn *visit;
	void *context;
	bool stopped;
};

static void visit_key(struct key_visitor *keys, addr_t key)
{
	if (keys->visit && !keys->stopped)
		keys->stopped = !keys->visit(keys->context, key);
}

struct trie_walk {
	struct reader reader;
	struct key_visitor *keys;
	struct sync_map *map;
	uint64_t nodes;
	bool broken;
};

static void walk_entries(struct trie_walk *walk, addr_t entry)
{
	struct cycle cycle = {0};

	for (; entry && walk->nodes++ < MAX_NODES && !walk->reader.failed;
		entry = reader_u64(&walk->reader, entry + ENTRY_OVERFLOW)) {
		if (cycle_closes(&cycle, entry)) {
			walk->broken = true;
			return;
		}
		visit_key(walk->keys, entry + ENTRY_KEY);
		walk->map->entries++;
		walk->map->table_bytes += ENTRY_SIZE;
	}
}

static void walk_node(struct trie_walk *walk, addr_t node, unsigned depth)
{
	if (depth > MAX_DEPTH || walk->nodes++ > MAX_NODES || walk->reader.failed) {
		walk->broken = true;
		return;
	}
	walk->map->slots += CHILDREN;
	walk->map->table_bytes += INDIRECT_SIZE;
	uint64_t children[CHILDREN] = {0};
	reader_bytes(&walk->reader, node + INDIRECT_CHILDREN, children, sizeof(children));
	for (unsigned i = 0; i < CHILDREN; i++) {
		if (!children[i])
			continue;
		if (reader_u8(&walk->reader, children[i]))
			walk_entries(walk, children[i]);
		else
			walk_node(walk, children[i], depth + 1);
	}
}

static bool read_trie(struct types *types, const struct go_type *type, addr_t address,
	struct key_visitor *keys, struct sync_map *map)
{
	const struct go_field *root = field_of(type, "root");
	struct trie_walk walk = {
		.reader = reader_over(types->runtime->target), .keys = keys, .map = map};

	if (!root)
		return false;
	/* Up to 1.23 a *indirect, later an atomic.Pointer to one: the pointer is its first word. */
	map->parts[0] = reader_u64(&walk.reader, address + root->offset);
	if (map->parts[0])
		walk_node(&walk, map->parts[0], 0);
	return !walk.reader.failed && !walk.broken;
}

struct entry_count {
	struct types *types;
	struct reader reader;
	struct key_visitor *keys;
	uint64_t live;
};

/* entry.p: nil when it was deleted; expunged, which is no object of the heap, when the dirty map
 * does not have it. The value that it leads to is an interface. */
static bool count_entry(void *context, const struct map_entry *entry)
{
	struct entry_count *count = context;
	addr_t at = reader_u64(&count->reader, entry->elem);
	addr_t value = at ? reader_u64(&count->reader, at) : 0;

	if (value && !count->reader.failed) {
		const struct modules *modules = &count->types->runtime->modules;
		const struct module *program = &modules->list.items[0];

		if (program->text <= value && value < program->end)
			return false;
		count->live++;
		visit_key(count->keys, entry->key);
	}
	return count->reader.failed;
}

/* Entries of one of the two maps that are not deleted. */
static bool count_map(struct types *types, const struct go_type *type, addr_t header,
	struct key_visitor *keys, struct sync_map *map, uint64_t *ret_live)
{
	struct entry_count count = {types, reader_over(types->runtime->target), keys, 0};
	struct go_map go_map;

	*ret_live = 0;
	if (!header)
		return true;
	if (!type || type->kind != KIND_MAP || !gomap_open(types, type, header, &go_map))
		return false;
	uint64_t entries = gomap_entries(types, &go_map, count_entry, &count);
	struct map_size size = gomap_size(types, &go_map);
	map->slots += size.slots;
	map->table_bytes += size.table_bytes;
	map->inner_type = type;
	map->deleted += entries - count.live;
	*ret_live = count.live;
	return !count.reader.failed;
}

/* read leads to readOnly{m, amended}: in 1.19 through an atomic.Value, later an atomic.Pointer. */
static bool read_two_maps(struct types *types, const struct go_type *type, addr_t address,
	struct key_visitor *keys, struct sync_map *map)
{
	const struct go_field *read = field_of(type, "read"), *dirty = field_of(type, "dirty");
	struct reader reader = reader_over(types->runtime->target);
	struct key_visitor nobody = {0};
	uint64_t in_read, in_dirty;

	if (!read || !dirty)
		return false;
	const struct go_type *read_type = types_at(types, read->type);
	const struct go_type *dirty_type = types_at(types, dirty->type);
	const struct go_field *content = field_of(read_type, "v"); /* of a Value and of a Pointer */
	const struct go_type *content_type = content ? types_at(types, content->type) : NULL;
	bool is_value = content_type && content_type->kind == KIND_INTERFACE;
	addr_t read_only = reader_u64(&reader, address + read->offset + (is_value ? 8 : 0));
	bool amended = read_only && reader_u8(&reader, read_only + 8);

	map->parts[0] = read_only;
	map->inner_maps[0] = read_only ? reader_u64(&reader, read_only) : 0;
	map->parts[1] = map->inner_maps[1] = reader_u64(&reader, address + dirty->offset);
	if (reader.failed ||
		!count_map(types, dirty_type, map->inner_maps[0], amended ? &nobody : keys, map,
			&in_read) ||
		!count_map(types, dirty_type, map->inner_maps[1], amended ? keys : &nobody, map,
			&in_dirty))
		return false;
	map->entries = amended ? in_dirty : in_read;
	return true;
}

static bool read_any(struct types *types, const struct go_type *type, addr_t address,
	struct key_visitor *keys, struct sync_map *ret)
{
	struct sync_map map = {.address = address, .type = type};
	const struct go_field *inner = field_of(type, "m");
	bool read;

	if (is_trie(type)) {
		read = read_trie(types, type, address, keys, &map);
	} else if (inner) {
		const struct go_type *trie = types_at(types, inner->type);

		read = trie && read_trie(types, trie, address + inner->offset, keys, &map);
	} else {
		read = read_two_maps(types, type, address, keys, &map);
	}
	if (read)
		*ret = map;
	return read;
}

bool sync_map_read(
	struct types *types, const struct go_type *type, addr_t address, struct sync_map *ret)
{
	struct key_visitor nobody = {0};

	return read_any(types, type, address, &nobody, ret);
}

bool sync_map_keys(struct types *types, const struct go_type *type, addr_t address,
	sync_map_key_fn *visit, void *context)
{
	struct key_visitor keys = {visit, context, false};
	struct sync_map map;

	return read_any(types, type, address, &keys, &map);
}

uint64_t sync_map_key_size(const struct go_type *type)
{
	return strcmp(type->name, "sync.Map") ? 0 : INTERFACE_SIZE;
}
