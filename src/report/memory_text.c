#include "memory_text.h"

#include "human.h"

enum { USES_SHOWN = 2, SMALLEST_PERCENT = 1 };

static void add_json(struct view *view, const struct memory_account *account)
{
	json_t *document = json_object(), *resident = json_object();
	uint64_t sum = 0;

	for (unsigned use = 0; use < MEMORY_USES; use++) {
		json_object_set_new(resident, memory_use_key(use),
			json_integer((json_int_t)account->resident[use]));
		sum += account->resident[use];
	}
	json_object_set_new(document, "rss_bytes", json_integer((json_int_t)account->rss_bytes));
	json_object_set_new(document, "accounted_bytes", json_integer((json_int_t)sum));
	json_object_set_new(document, "resident_bytes", resident);
	json_object_set_new(
		view_document(view), "memory", account->resident_known ? document : json_null());
	if (!account->resident_known)
		json_decref(document);
}

/* The largest use that is not yet in `shown` (bits). */
static enum memory_use largest(const struct memory_account *account, unsigned shown)
{
	enum memory_use found = MEMORY_USES;

	for (unsigned use = 0; use < MEMORY_USES; use++) {
		if (!(shown & 1u << use) &&
			(found == MEMORY_USES || account->resident[use] > account->resident[found]))
			found = use;
	}
	return found;
}

void memory_text_add(struct view *view, const struct memory_account *account)
{
	_cleanup_free_ char *rss = human_bytes(account->rss_bytes);
	struct text text = {0};
	unsigned shown = 0;

	add_json(view, account);
	if (!account->resident_known)
		return;
	for (unsigned i = 0; i < USES_SHOWN; i++) {
		enum memory_use use = largest(account, shown);
		_cleanup_free_ char *bytes = human_bytes(account->resident[use]);

		shown |= 1u << use;
		if (account->resident[use] * 100 >= account->rss_bytes * SMALLEST_PERCENT)
			text_add(&text, "%s%s %s", i ? ", " : "", bytes, memory_use_text(use));
	}
	_cleanup_free_ char *uses = text_take(&text);
	view_line(view, LINE_PLAIN, "%s resident: %s", rss, uses);
}
