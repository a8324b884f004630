"""A service that does not read holds its decoder up."""

from __future__ import annotations

import asyncio

from framecap.decoder.service.channel import READ_AHEAD_BYTES
from framecap.decoder.service.launcher import SOCKET_BUFFER_BYTES
from support.decoder.jobs import job, reported, source, until

IMAGE_BYTES = 16 * 1024

# The buffer, twice for the kernel's own accounts, what is read ahead, and the image being sent.
MOST_AHEAD = (2 * SOCKET_BUFFER_BYTES + READ_AHEAD_BYTES) // IMAGE_BYTES + 2


async def test_a_decoder_waits_for_its_reader(launcher):
    with source(f"flood {IMAGE_BYTES}") as descriptor:
        async with await launcher.launch(descriptor) as decoder:
            await decoder.send(job())
            messages = decoder.messages()
            taken = 0
            for pause in (40, 400):
                while taken < pause:
                    taken += (await anext(messages)).HasField("image")
                await until(lambda taken=taken: reported(descriptor) > taken)
                await settled(descriptor)
                assert taken <= reported(descriptor) <= taken + MOST_AHEAD


async def settled(descriptor: int) -> None:
    """Returns once the decoder sends no more."""
    last = -1
    while reported(descriptor) != last:
        last = reported(descriptor)
        await asyncio.sleep(0.3)
