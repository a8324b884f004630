"""Files with something wrong with them, at random."""

from __future__ import annotations

import random


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Returns a file cut off, or with bytes flipped, overwritten, left out or repeated."""
    data = bytearray(content)
    for _ in range(dice.choice((1, 1, 1, 3))):
        at, length = dice.randrange(len(data)), dice.choice((1, 16, 200, 5000, 50_000))
        match dice.randrange(6):
            case 0:
                del data[max(1, at) :]
            case 1:
                for _ in range(dice.choice((1, 8, 64))):
                    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
            case 2:
                data[at : at + length] = dice.randbytes(length)
            case 3:
                data[at : at + length] = bytes(length)
            case 4:
                del data[at : at + min(length, len(data) - 1)]
            case 5:
                data[at:at] = data[at : at + length]
        if not data:
            data = bytearray(b"\0")
    return bytes(data)
