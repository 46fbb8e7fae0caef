"""Brings what foreign programs published, and nothing was bound for, to where it belongs."""

import asyncio
import logging
import time
from contextlib import suppress

from aiormq.abc import DeliveredMessage

from blocks.amqp_conversations import Conversations
from blocks.amqp_dead_letters import DeadLetters
from blocks.amqp_forms import INBOX, MAIN, conversation_of, is_stream_name, read_headers
from blocks.amqp_link import LOST, Link, Subscription, close_channel
from blocks.amqp_streams import Streams
from blocks.message_bus import GROUP
from tasks.errors import TransientError

log = logging.getLogger(__name__)

_AT_ONCE = 20
_AGAIN_SECONDS = 2.0
"""Before a message is tried again: the next time may be no better."""


class Inbox:
    """One of its readers."""

    def __init__(
        self, link: Link, streams: Streams, conversations: Conversations, dead_letters: DeadLetters
    ) -> None:
        self._link = link
        self._streams = streams
        self._conversations = conversations
        self._dead_letters = dead_letters
        self._begun = False

    def begin(self) -> None:
        """Reads it from now on, as long as the bus is open."""
        if not self._begun:
            self._begun = True
            self._link.start(self._link.keep(self._read))

    async def _read(self) -> None:
        await self._streams.prepare()
        channel = await self._link.open_channel(_AT_ONCE, confirms=False)
        try:
            subscription = Subscription(channel, INBOX)
            await channel.basic_consume(INBOX, self._forward, consumer_tag=INBOX)
            await subscription.ended.wait()
        finally:
            await close_channel(channel)
        raise TransientError("The inbox is not delivered any more.")

    async def _forward(self, message: DeliveredMessage) -> None:
        try:
            await self._bring(message)
            await message.channel.basic_ack(message.delivery_tag or 0)
        except LOST as error:
            log.warning("A message for %s is brought to it later: %s", message.routing_key, error)
            await asyncio.sleep(_AGAIN_SECONDS)
            with suppress(*LOST):  # it is delivered anew then, too
                await message.channel.basic_nack(message.delivery_tag or 0)

    async def _bring(self, message: DeliveredMessage) -> None:
        stream = message.routing_key or ""
        headers = read_headers(message, stream)
        correlation_id = conversation_of(stream)
        if correlation_id:
            found = await self._conversations.partition(correlation_id)
            # By our clock, as everything else there: theirs may be ahead of a deadline, or behind what is kept.
            said = headers.again(
                stream=stream, conversation=correlation_id, fact=None, withdrawn=False, at=time.time()
            )
            await found.log.append(message.body, said.properties())
        elif is_stream_name(stream, GROUP):
            await self._streams.make(stream, again=True)
            brought = headers.again(stream=stream).properties()
            await self._link.publish(message.body, brought, exchange=MAIN, key=stream)
        else:
            await self._streams.make_inbox_letters(GROUP)
            reason = f'"{stream[:80]}" cannot be the name of a stream.'
            await self._dead_letters.bury(headers.again(stream=INBOX), message.body, GROUP, reason, 0)
