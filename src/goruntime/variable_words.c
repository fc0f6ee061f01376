#include "variable_words.h"

static void visit_segment(const struct goruntime *runtime, addr_t start, addr_t end,
	const struct bitvector *mask, variable_words_fn *visit, void *context)
{
	size_t length = (size_t)(end - start), mask_length = (mask->count + 7) / 8;
	_cleanup_free_ uint8_t *bytes = memory_alloc(length + WORDS_BEHIND * 8);
	_cleanup_free_ uint8_t *bits = memory_alloc(mask_length + WORDS_BEHIND);
	struct variable_words words = {
		.start = start,
		.bytes = bytes,
		.masked = (uint32_t)MIN((uint64_t)mask->count, (uint64_t)length / 8),
		.unread_bytes = target_read_present(runtime->target, start, bytes, length),
		.bits = bits,
	};

	if (target_read_present(runtime->target, mask->bits, bits, mask_length))
		words.unread_bytes += length;
	visit(context, &words);
}

void variable_words_each(const struct goruntime *runtime, variable_words_fn *visit, void *context)
{
	vec_foreach (module, &runtime->modules.list) {
		visit_segment(
			runtime, module->data, module->edata, &module->data_mask, visit, context);
		visit_segment(
			runtime, module->bss, module->ebss, &module->bss_mask, visit, context);
	}
}
