#include "finding.h"

#include <stdarg.h>
#include <string.h>
#include <xxhash.h>

#include "finding_kind.h"
#include "text.h"

struct finding *finding_add(
	struct finding_list *findings, const struct finding_kind *kind, enum tier tier)
{
	vec_push(&findings->list, {.kind = kind, .tier = tier, .node = NO_NODE});
	return vec_last(&findings->list);
}

void finding_number(
	struct finding *finding, const char *key, enum evidence_unit unit, uint64_t value)
{
	vec_push(&finding->evidence, {.key = key, .unit = unit, .value = value});
}

void finding_text(struct finding *finding, const char *key, char *text)
{
	vec_push(&finding->evidence, {.key = key, .unit = EVIDENCE_TEXT, .text = text});
}

void finding_note(struct finding *finding, const char *format, ...)
{
	struct text text = {0};
	va_list arguments;

	va_start(arguments, format);
	text_add_list(&text, format, arguments);
	va_end(arguments);
	vec_push(&finding->notes, text_take(&text));
}

char *finding_id(const struct finding *finding)
{
	const char *state = finding->state ? finding->state : "";

	return memory_format(
		"%s/%s%s%s", finding->kind->name, state, *state ? "/" : "", finding->subject);
}

uint64_t finding_fingerprint(const struct finding *finding)
{
	_cleanup_free_ char *id = finding_id(finding);
	uint64_t hash = XXH64(id, strlen(id), 0);

	return hash ? hash : 1;
}

const char *tier_name(enum tier tier)
{
	static const char *const names[] = {
		[TIER_PROVED] = "proved",
		[TIER_LIKELY] = "likely",
		[TIER_HINT] = "hint",
	};

	return names[tier];
}

static void finding_deinit(struct finding *finding)
{
	free(finding->subject);
	free(finding->state);
	free(finding->detail);
	free(finding->type);
	free(finding->allocated_at);
	vec_foreach (link, &finding->path)
		free(*link);
	vec_deinit(&finding->path);
	vec_foreach (evidence, &finding->evidence)
		free(evidence->text);
	vec_deinit(&finding->evidence);
	vec_foreach (note, &finding->notes)
		free(*note);
	vec_deinit(&finding->notes);
}

void finding_remove(struct finding_list *findings, size_t place)
{
	struct finding *at = &findings->list.items[place];

	finding_deinit(at);
	memmove(at, at + 1, (--findings->list.count - place) * sizeof(*at));
}

void finding_list_deinit(struct finding_list *findings)
{
	vec_foreach (finding, &findings->list)
		finding_deinit(finding);
	vec_deinit(&findings->list);
	vec_deinit(&findings->times);
	vec_foreach (note, &findings->notes)
		free(*note);
	vec_deinit(&findings->notes);
}
