"""Checks HLS playlists before the library reads them.

The library silently skips a segment that it cannot open. So a playlist with references that will
not be read is refused here, before any of it is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from framecap.errors import CaptureError, ContainerUnsupported, LimitExceeded
from framecap.model.names import leads_elsewhere

HEAD: Final = b"#EXTM3U"

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_STEPS_UP: Final = 16

# The playlist's folder as the library sees it. The library prepends the folder of a playlist to
# each reference in it unchanged, so the rest is the reference from the source's own folder. The
# folder is deep enough for ".." steps, which the library would otherwise refuse by itself.
FOLDER: Final = "/source" * (MAX_STEPS_UP + 1) + "/"
NAME: Final = FOLDER + ".framecap-source.m3u8"

_QUOTED_URI: Final = re.compile(rb'#EXT-X-(?:MAP|MEDIA):(?:.*,)?\s*URI="([^"]*)"')
_BREAK: Final = re.compile(rb"^\s*#EXT-X-DISCONTINUITY\s*$", re.MULTILINE)
_KEY: Final = re.compile(rb"#EXT-X-(?:SESSION-)?KEY:(?!METHOD=NONE\b)")


def check(text: bytes) -> None:
    """Checks that a playlist refers only to files beside it, and has an end.

    Raises:
        ContainerUnsupported: It is live or encrypted, or refers to something else.
        LimitExceeded: It is too long.
    """
    if len(text) > MAX_BYTES:
        raise LimitExceeded(
            f"the playlist is longer than {MAX_BYTES} bytes",
            metadata={"limit": str(MAX_BYTES), "limit_name": "playlist_bytes"},
        )
    lines = [line.strip() for line in re.split(rb"[\r\n]", text)]
    if any(_KEY.match(line) for line in lines):
        raise ContainerUnsupported("the playlist's segments are encrypted, which is not supported")
    for reference in _references(lines):
        if fault := _fault(reference):
            raise _refused(reference, f", which {fault}")
    segments = any(line.startswith(b"#EXTINF") for line in lines)
    if segments and b"#EXT-X-ENDLIST" not in lines:
        raise ContainerUnsupported(
            "the playlist has no end (#EXT-X-ENDLIST): live streams are not captured"
        )


def breaks(text: bytes) -> bool:
    """Returns whether a playlist states that times begin anew somewhere."""
    return _BREAK.search(text) is not None


def reference_of(url: str) -> str | None:
    """Returns the reference, from the source's folder, that the library opens as `url`.

    None when `url` is not below that folder.
    """
    return url.removeprefix(FOLDER) if url.startswith(FOLDER) and url != NAME else None


def outside(url: str) -> CaptureError:
    """Returns the error of a file that the library must not open."""
    if url == NAME:
        # The library reads a playlist with tags of both kinds in this way.
        return ContainerUnsupported("the playlist lists qualities and segments at once")
    return _refused(url)


def _references(lines: list[bytes]) -> Iterator[str]:
    for line in lines:
        if line.startswith(b"#"):
            yield from (uri.decode(errors="replace") for uri in _QUOTED_URI.findall(line))
        elif line:
            yield line.decode(errors="replace")


def _refused(reference: str, fault: str = "") -> ContainerUnsupported:
    name = reference[:64].encode("unicode_escape").decode()
    return ContainerUnsupported(
        f'the playlist refers to "{name}"{fault}; only files beside it are read',
        metadata={"reference": name},
    )


def _fault(reference: str) -> str | None:
    if leads_elsewhere(reference):
        return "is no relative path"
    if reference.split("/").count("..") > MAX_STEPS_UP:
        return f"climbs more than {MAX_STEPS_UP} folders"
    return None
