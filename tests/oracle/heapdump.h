/* The file that debug.WriteHeapDump writes: runtime/heapdump.go, the same from Go 1.19 to 1.27. */
#pragma once

#include "address.h"
#include "error.h"
#include "vec.h"

struct offsets {
	VEC(uint64_t) list;
};

struct dump_object {
	addr_t address;
	uint64_t size;
	struct offsets pointers;
};

struct dump_goroutine {
	addr_t g, sp;
	uint64_t goid, gopc, status;
	bool system; /* one of the runtime's own */
	char *wait_reason;
};

struct dump_frame {
	uint64_t goroutine; /* place in goroutines */
	addr_t sp;
	uint64_t depth;
	uint64_t size;
	addr_t entry, pc, continpc;
	char *name;
	struct offsets pointers;
};

struct dump_segment {
	addr_t address;
	uint64_t size;
	struct offsets pointers;
};

struct dump_finalizer {
	addr_t object, function;
};

struct dump_type {
	addr_t address;
	uint64_t size;
	char *name;
};

struct heapdump {
	VEC(struct dump_object) objects; /* sorted by address */
	VEC(struct dump_goroutine) goroutines;
	VEC(struct dump_frame) frames;
	VEC(struct dump_finalizer) finalizers;
	VEC(struct dump_finalizer) queued;
	VEC(struct dump_type) types;
	struct dump_segment data, bss;
};

struct error *heapdump_read(const char *path, struct heapdump **ret);
