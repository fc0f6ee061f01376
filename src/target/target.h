/* Where bytes come from: the one seam between silt and a Go program.
 *
 * A target is a process that runs (bytes by process_vm_readv, through a cache of blocks), or a core
 * file (bytes mapped from the file, and from the executable for what a core leaves out). Everything
 * above this room reads through target_read(), target_view() or a reader, and does not know which.
 *
 * A core target is frozen: reading it from several threads is safe. A process target is not,
 * because of its cache.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "address.h"
#include "error.h"
#include "memory.h"
#include "processor.h"
#include "ranges.h"
#include "residency.h"
#include "vec.h"

enum target_kind {
	TARGET_PROCESS,  /* a live process, or the capture of one */
	TARGET_CORE,     /* a core file that the kernel or gcore wrote */
	TARGET_SNAPSHOT, /* a core file that silt wrote */
};

enum {
	PROTECTION_READ = 1,
	PROTECTION_WRITE = 2,
	PROTECTION_EXECUTE = 4,
};

/* A mapping of the address space. A core tells only of mapped files. */
struct mapping {
	addr_t start;
	addr_t end;
	uint64_t offset; /* in the file, bytes */
	uint8_t protection;
	bool shared;
	char *path; /* never NULL; "" for anonymous memory */
};

/* The registers of a thread that the analysis needs, under names that no processor owns. */
struct registers {
	addr_t pc;
	addr_t sp;
	addr_t thread_pointer; /* amd64: fs_base; arm64: tpidr_el0 */
	addr_t general[31];    /* amd64: rax rbx rcx rdx rsi rdi rbp r8 to r15; arm64: x0 to x30 */
	unsigned general_count;
};

struct target_thread {
	pid_t tid; /* as the process itself calls it: in its own pid namespace */
	struct registers registers;
};

/* How the bytes were taken. Zero where it is not known. */
struct capture_facts {
	char mode[16];               /* "stop", "core" */
	uint64_t pause_ns;           /* from the first thread stopped to the last one let go */
	uint64_t bytes_read;         /* bytes of the target that were read */
	uint64_t copy_ns;            /* how long that took, with writing what was not held */
	uint64_t unread_bytes;       /* bytes that were wanted and could not be read */
	uint64_t monotonic_ns;       /* CLOCK_MONOTONIC of the target's machine at the stop */
	uint64_t uptime_ns;          /* how long the process had run */
	uint64_t elapsed_ns;         /* how long the capture took, when it was made just now */
	char boot_id[40];            /* of the target's machine (random(4)), "" when not known */
	uint64_t start_ticks;        /* when the process started, since the boot (proc(5), stat) */
	uint64_t memory_limit_bytes; /* of its cgroup; 0: none, or not known */
	uint64_t contents;           /* not 0: also objects without pointers were taken */
};

struct segment {
	addr_t start;
	addr_t end;
	const uint8_t *bytes;
	bool fallback; /* not from the core but from the executable */
};

struct segments {
	VEC(struct segment) list;
};

/* A file of ours that segments point into. */
struct range_mapped {
	void *start;
	size_t length;
	uint64_t *used; /* bits by unit of USE_UNIT bytes: touched since the last release */
};

struct block_cache;

struct target {
	enum target_kind kind;
	enum processor processor;
	pid_t pid;
	pid_t memory_pid;  /* whose memory is read: the process, or a copy that it forked */
	char *name;        /* of the program, without its directory; never NULL */
	char *exe_path;    /* where the executable is, or was looked for; may be NULL */
	int exe_fd;        /* -1 when there is none */
	bool exe_is_image; /* it was put together from the core: program_image.h */
	VEC(struct mapping) mappings;      /* sorted, disjoint */
	VEC(struct target_thread) threads; /* of a process: only after a stop */
	struct capture_facts capture;
	struct residency residency; /* of a process or a snapshot */
	addr_t entry;               /* AT_ENTRY, 0 when unknown */
	addr_t program_headers;     /* AT_PHDR, 0 when unknown */
	addr_t random;      /* AT_RANDOM: where the kernel put the process's stack, by chance */
	uint8_t *auxv;      /* all of it, owned (auxv.h) */
	size_t auxv_length; /* bytes */

	/* Bytes of a core. */
	struct segments segments; /* after target_freeze_segments(): sorted, without overlaps */
	struct segments fallbacks;
	VEC(struct range_mapped) files;
	size_t used_units; /* atomic: bits in all `used` */

	/* Bytes of a process. */
	struct block_cache *cache;
};

struct target *target_create(enum target_kind kind);
void target_destroy(struct target *target);
DEFINE_CLEANUP(target)

struct error *target_read(const struct target *target, addr_t address, void *buffer, size_t length);

/* Reads what can be read: pages that cannot are zero. Returns how many bytes were missing. */
size_t target_read_present(
	const struct target *target, addr_t address, void *buffer, size_t length);

/* Reads the bytes of a core as far as they follow each other, and zeros for the rest of a page of
 * which it has the beginning. Returns how many; 0: it does not have the first. */
size_t target_read_start(const struct target *target, addr_t address, void *buffer, size_t length);

/* Leaves of a normalised list the pages of which a core has something, itself or from the
 * executable. */
void target_keep_present(const struct target *target, struct ranges *memory);

/* The bytes themselves, valid as long as the target, or NULL when they are not there in one piece.
 * Never for a process. */
const uint8_t *target_view(const struct target *target, addr_t address, size_t length);

/* As target_view(), but only for bytes that the core itself has, not those of the executable. */
const uint8_t *target_view_captured(const struct target *target, addr_t address, size_t length);

/* The first bytes at `*address` or behind it that the core itself has, in one piece and before
 * `end`; NULL: there are none. `*address` becomes where they are. */
const uint8_t *target_next_captured(
	const struct target *target, addr_t *address, addr_t end, size_t *ret_length);

/* As target_view(), but copies into `buffer` where there is no view. NULL: cannot be read. */
const uint8_t *target_bytes(
	const struct target *target, addr_t address, size_t length, void *buffer);

/* Tells the kernel that the file pages behind the segments need not stay resident in this process.
 * They come back from the page cache when they are touched. */
void target_release_pages(const struct target *target);

/* Says that bytes that target_view() gave are about to be read. When much has been read since the
 * last time, the pages are released: this bounds the memory of passes over a large target.
 * Thread-safe. */
void target_note_use(const struct target *target, const uint8_t *bytes, size_t length);

/* Reads memory that was not captured from the process as it is now, which runs. For a few bytes
 * that cannot have changed as long as something else has not: the caller checks that. False: there
 * is no process, or it does not have them any more. */
bool target_read_now(const struct target *target, addr_t address, void *buffer, size_t length);

/* Was it taken of a process that may have been ending? A core of others, or what silt made of one.
 */
bool target_may_be_ending(const struct target *target);

/* The mapping that holds the address, or NULL. */
const struct mapping *target_mapping(const struct target *target, addr_t address);

/* Sorts the mappings, and leaves out those that overlap one before: an address is in one, but a
 * broken core may claim all of them thousands of times over. */
void target_settle_mappings(struct target *target);

/* The mapping of the program itself: the one that holds its program headers or its entry, or, in a
 * core that tells of neither, the first file. NULL: there is none. */
const struct mapping *target_program_mapping(const struct target *target);

/* Bytes of a core. `fallbacks` holds those that stand in where there is no segment (the
 * executable's pages, which a core leaves out). target_freeze_segments() makes them one searchable
 * list. */
void target_add_segment(struct target *target, addr_t start, uint64_t size, const uint8_t *bytes);
void target_add_fallback(struct target *target, addr_t start, uint64_t size, const uint8_t *bytes);
void target_freeze_segments(struct target *target);

/* Takes over a mapping of a file that segments point into. */
void target_add_file(struct target *target, void *start, size_t length);

/* Many small reads, checked once: the first one that fails sets `failed` and its address, and from
 * then on everything reads as 0. */
struct reader {
	const struct target *target;
	bool failed;
	addr_t fault;
};

static inline struct reader reader_over(const struct target *target)
{
	return (struct reader){.target = target};
}

uint64_t reader_sized(struct reader *reader, addr_t address, unsigned size);
uint8_t reader_u8(struct reader *reader, addr_t address);
uint32_t reader_u32(struct reader *reader, addr_t address);
uint64_t reader_u64(struct reader *reader, addr_t address);
bool reader_bytes(struct reader *reader, addr_t address, void *buffer, size_t length);

/* NULL when nothing failed. */
struct error *reader_error(const struct reader *reader, const char *what);
