#include "channel.h"

#include <string.h>

bool channel_read(struct types *types, addr_t address, struct channel *ret)
{
	const struct layout *layout = &types->runtime->layout;
	struct reader reader = reader_over(types->runtime->target);
	addr_t element = read_field(&reader, address, layout->hchan.elemtype);
	addr_t receivers = address + layout->hchan.recvq.at,
	       senders = address + layout->hchan.sendq.at;

	*ret = (struct channel){
		.address = address,
		.element_size = read_field(&reader, address, layout->hchan.elemsize),
		.capacity = read_field(&reader, address, layout->hchan.dataqsiz),
		.length = read_field(&reader, address, layout->hchan.qcount),
		.closed = read_field(&reader, address, layout->hchan.closed),
		.has_receivers = read_field(&reader, receivers, layout->waitq.first),
		.has_senders = read_field(&reader, senders, layout->waitq.first),
		.used = read_field(&reader, address, layout->hchan.recvx) ||
			read_field(&reader, address, layout->hchan.sendx),
	};
	if (reader.failed)
		return false;
	ret->element = types_at(types, element);
	return true;
}

bool channel_is_timer(const struct channel *channel)
{
	return channel->capacity == 1 && channel->element &&
	       !strcmp(channel->element->name, "time.Time");
}

bool channel_is_stop(const struct channel *channel)
{
	bool sign =
		!channel->element_size || (channel->element && channel->element->kind == KIND_BOOL);

	return sign && !channel->closed && channel->has_receivers && !channel->has_senders;
}
