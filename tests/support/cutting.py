"""Copies of clips of which packets are changed, and HEVC and H.264 packets of which slices lack."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from pathlib import Path

import av

Change = Callable[[bytes, str], bytes]
"""From a packet's bytes and the codec's name to other bytes."""


def changed(
    source: Path, target: Path, changes: Mapping[int, Change], *, keyframes: Container[int] = ()
) -> Path:
    """Copies a clip.

    Args:
        source: The clip.
        target: The copy; the suffix decides the container.
        changes: What becomes of packets, by number in the order of decoding; empty leaves one out.
        keyframes: Numbers of packets that are flagged as keyframes, beside those that are.
    """
    with av.open(str(source)) as clip, av.open(str(target), "w") as container:
        video = clip.streams.video[0]
        stream = container.add_stream_from_template(video)
        codec = video.codec_context.codec.canonical_name
        for number, packet in enumerate(clip.demux(video)):
            data = bytes(packet)
            if data and number in changes:
                data = changes[number](data, codec)
            if not data:
                continue
            copy = av.Packet(data)
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.duration = packet.duration
            copy.is_keyframe = packet.is_keyframe or number in keyframes
            copy.stream = stream
            container.mux(copy)
    return target


def key_packets(path: Path) -> list[int]:
    """Returns the numbers of the keyframes' packets."""
    with av.open(str(path)) as clip:
        packets = enumerate(clip.demux(video=0))
        return [number for number, packet in packets if packet.size and packet.is_keyframe]


def zeros(data: bytes, _: str) -> bytes:
    """Returns a packet of which only the size stays."""
    return bytes(len(data))


def slices(*kept: int | Callable[[bytes], bytes]) -> Change:
    """Returns a change that keeps some slices, by number, in a container that gives lengths.

    Args:
        kept: Numbers of slices; or a function, which takes slice 1 and gives another, all others
            kept.
    """

    def change(data: bytes, codec: str) -> bytes:
        made, number = b"", -1
        while data:
            size = int.from_bytes(data[:4], "big")
            unit, data = data[4 : 4 + size], data[4 + size :]
            if (unit[0] >> 1 < 32) if codec == "hevc" else (unit[0] & 31 in (1, 5)):
                number += 1
                if callable(kept[0]):
                    unit = kept[0](unit) if number == 1 else unit
                elif number not in kept:
                    continue
            made += len(unit).to_bytes(4, "big") + unit
        return made

    return change
