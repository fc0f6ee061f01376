/* A finding: something that is wrong, with its evidence, its price and how sure it is. Every kind
 * of finding (finding_kind.h) fills this one shape, and every report shows it.
 *
 * A finding owns its text. `subject` and `state` make its name (finding_id) and must be the same
 * tomorrow and in another pod as long as the mistake is the same: no addresses, no counts, no keys
 * of maps. Figures belong into the detail, the evidence and the notes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "graph.h"
#include "vec.h"

struct finding_kind;

enum tier {
	TIER_PROVED, /* follows from reachability */
	TIER_LIKELY, /* a pattern, with growth, age or a figure that speaks against its look-alike
		      */
	TIER_HINT,   /* worth a look; no reason to fail a build */
};

enum evidence_unit {
	EVIDENCE_COUNT,
	EVIDENCE_BYTES,
	EVIDENCE_DURATION, /* ns */
	EVIDENCE_ADDRESS,
	EVIDENCE_TEXT,
	EVIDENCE_UNKNOWN, /* null in JSON */
};

/* A figure that the verdict rests on. */
struct evidence {
	const char *key; /* as in JSON: "slots", "entries", "bytes_per_entry" */
	enum evidence_unit unit;
	uint64_t value;
	char *text; /* EVIDENCE_TEXT */
};

/* What has become of it since an earlier snapshot. */
struct finding_growth {
	bool known;
	int64_t objects;          /* of what `count` or the entries count */
	int64_t bytes;            /* of holds_bytes */
	uint64_t survivors;       /* of what was there before, still there */
	int64_t bytes_per_minute; /* 0: the time is not known */
};

struct finding {
	const struct finding_kind *kind;
	enum tier tier;
	/* What it is about, in the graph. Subject, path, type and address are then found by
	 * findings_find(), where the kind has not set them. NO_NODE: the kind sets them. */
	node_t node;
	char *subject; /* what it is about: "main.cache.index", "main.worker at pool.go:41" */
	char *state;   /* of goroutines, what they wait in: "chan receive"; else "" */
	char *detail;  /* what was found, in a few words with figures: "214 of 1,048,576 slots used"
			*/
	char *type;    /* its Go type, or "" */
	VEC(char *)
	path;                         /* from the outermost holder to the subject, link by link */
	addr_t address;               /* of the object; 0: many, or none */
	char *allocated_at;           /* the call that allocated it; NULL: it was not sampled */
	uint64_t goid;                /* of the goroutine, or one of them; 0: none */
	uint64_t count;               /* of objects or goroutines that it is about */
	uint64_t holds_bytes;         /* what they keep alive */
	uint64_t frees_bytes;         /* what mending it frees, by the references that are there */
	uint64_t stack_bytes;         /* of goroutines, beside the heap */
	struct finding_growth growth; /* only with an earlier snapshot */
	VEC(struct evidence) evidence;
	VEC(char *) notes; /* sentences, without a full stop, for the text */
	const char *fix;   /* how to mend it, for a Go engineer; not owned */
};

/* How long looking for something took. */
struct finding_time {
	const char *what; /* the name of a kind, or of what several of them need */
	uint64_t ns;
};

struct finding_list {
	VEC(struct finding) list;
	VEC(struct finding_time) times; /* some are of work that was done at once */
	uint64_t elapsed_ns;            /* from the beginning to the end */
	VEC(char *) notes;              /* what was not looked for, and why */
};

/* Adds one, empty but for the kind and the tier; the caller sets the node or the subject. Valid
 * until the next is added. Text that was not set is shown as empty. */
struct finding *finding_add(
	struct finding_list *findings, const struct finding_kind *kind, enum tier tier);

void finding_number(
	struct finding *finding, const char *key, enum evidence_unit unit, uint64_t value);
void finding_text(struct finding *finding, const char *key, char *text); /* is taken over */
void finding_note(struct finding *finding, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What names the mistake, on every machine and every day: "KIND/SUBJECT", "KIND/STATE/SUBJECT". */
char *finding_id(const struct finding *finding);

/* The same in 64 bits, never 0: what reports of several days are joined by. */
uint64_t finding_fingerprint(const struct finding *finding);

const char *tier_name(enum tier tier);

/* Takes one out and frees it; the others keep their order. */
void finding_remove(struct finding_list *findings, size_t place);

void finding_list_deinit(struct finding_list *findings);
