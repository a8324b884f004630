"""HLS playlists made of a clip: its packets, in segments."""

from __future__ import annotations

from pathlib import Path

import av


def make_playlist(clip: Path, folder: Path, **options: str) -> dict[str, bytes]:
    """Writes a clip as a playlist and segments; returns the files by their names in the folder.

    Args:
        clip: The clip; its packets are copied.
        folder: Where the files are written.
        options: Options of libavformat's HLS muxer besides two seconds a segment.
    """
    folder.mkdir(parents=True)
    given = {"hls_time": "2", "hls_playlist_type": "vod"} | options
    if "hls_segment_filename" in given:
        given["hls_segment_filename"] = str(folder / given["hls_segment_filename"])
    playlist = folder / "film.m3u8"
    with (
        av.open(str(clip)) as source,
        av.open(str(playlist), "w", format="hls", options=given) as target,
    ):
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def listing(*lines: str, end: bool = True) -> bytes:
    """Returns a playlist of one line per segment, two seconds each."""
    text = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", *lines]
    return "\n".join([*text, *(["#EXT-X-ENDLIST"] if end else []), ""]).encode()


def segment(reference: str) -> str:
    """Returns the lines of one segment."""
    return f"#EXTINF:2.0,\n{reference}"


def master_of(*lines: str) -> bytes:
    """Returns a playlist of playlists."""
    return "\n".join(["#EXTM3U", *lines, ""]).encode()
