#include "profile_bucket.h"

#include "inlined_call.h"

enum { MEM_PROFILE = 1 }; /* mprof.go: memProfile, of bucketType */

addr_t profile_bucket_of(const struct goruntime *runtime, addr_t special)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);

	if (read_field(&reader, special, layout->special.kind) !=
		layout->features.special_kinds.profile)
		return 0;
	return read_field(&reader, special, layout->special_profile.bucket);
}

bool profile_bucket_read(
	const struct goruntime *runtime, addr_t address, struct profile_bucket *ret)
{
	const struct layout *layout = &runtime->layout;
	struct reader reader = reader_over(runtime->target);
	uint64_t kind = read_field(&reader, address, layout->profile_bucket.kind);
	uint64_t depth = read_field(&reader, address, layout->profile_bucket.stack_length);

	if (reader.failed || kind != MEM_PROFILE || depth > PROFILE_STACK_MAX)
		return false;
	ret->bytes = read_field(&reader, address, layout->profile_bucket.bytes);
	ret->depth = (uint32_t)depth;
	return reader_bytes(
		&reader, address + layout->profile_bucket.size, ret->stack, 8 * (size_t)depth);
}

bool profile_frame_at(
	const struct goruntime *runtime, addr_t return_address, struct profile_frame *ret)
{
	addr_t pc = return_address - 1;
	struct profile_frame frame = {.line_pc = pc};

	if (!goruntime_function(runtime, pc, &frame.module, &frame.function))
		return false;
	frame.name = inlined_call_name(runtime, frame.module, &frame.function, pc);
	*ret = frame;
	return true;
}
