"""What framecap makes of a file: the other side of the comparison, in a process of its own.

    python tests/bench/sweeping/ours.py FILE FOLDER [--through process|command] [--threads N]

reads requests from standard input, a name and a request a line, and prints a line of JSON for each
as soon as it is answered. Full-size images go into the folder. A crash or a time limit so costs
only the answers that are still to come.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.sweeping.reference import digest
from framecap import pipeline
from framecap.errors import CaptureError
from framecap.model.capture import CaptureWarning, Image, Summary
from framecap.model.media import MediaInfo, Model
from framecap.pipeline.imaging import Imaging
from framecap.pipeline.until import Until
from framecap.spec import text

PROBE: Final = "probe"

Answer = dict[str, Any]


class Lumas:
    """Takes down the luma of each frame that an image is made of, as framecap decoded it.

    Captures report a hash of 64 bits, which small damage leaves as it is.
    """

    def __init__(self) -> None:
        self.by_pts: dict[int, str] = {}
        encoded = Imaging.encoded

        def noting(imaging: Imaging, frame: Any, **how: Any) -> Any:
            picture = imaging._media.picture(frame)
            if picture.layout.model is not Model.RGB:
                self.by_pts[frame.pts] = digest(picture.planes[0])
            return encoded(imaging, frame, **how)

        Imaging.encoded = noting  # type: ignore[assignment, method-assign]


def in_process(path: Path, request: str, threads: int | None, lumas: Lumas) -> Answer:
    """Captures as a decoder of the service does."""
    answer: Answer = {"images": [], "warnings": []}
    lumas.by_pts.clear()
    probing = request == PROBE
    spec = None if probing else text.parse(request).spec
    until = Until.PROBED if probing else Until.END
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            for report in pipeline.run(spec, file, size=size, until=until, threads=threads):
                match report:
                    case MediaInfo():
                        answer["facts"] = facts_of(report)
                    case CaptureWarning():
                        answer["warnings"].append(report.reason)
                    case Summary():
                        answer["explained"] = bool(report.explanation)
                        answer["undecodable"] = report.damage.undecodable
                    case Image():
                        row = row_of(report)
                        row["luma"] = lumas.by_pts.get(report.pts, "")
                        answer["images"].append((row, report.data))
    except CaptureError as error:
        answer |= {"refused": error.reason, "sentence": str(error)}
    except Exception as error:
        answer |= {"refused": "INTERNAL", "sentence": repr(error)}
    return answer


def facts_of(info: MediaInfo) -> Answer:
    """Returns the facts that a probe reports."""
    return {
        "container": info.container,
        "codec": info.codec,
        "cover": info.cover,
        "stream": info.stream_index,
        "stored": [info.coded_width, info.coded_height],
        "displayed": [info.display_width, info.display_height],
        "aspect": str(info.sample_aspect_ratio),
        "rotation": 90 * info.orientation.quarter_turns,
        "mirrored": info.orientation.mirrored,
        "zero": str(info.clock.zero),
        "rate": None if info.frame_rate is None else str(info.frame_rate),
        "duration": info.duration,
    }


def row_of(image: Image) -> Answer:
    """Returns the facts of an image."""
    return {
        "clock": str(image.pts * image.time_base),
        "time": image.media_time,
        "requested": image.requested_time,
        "answered": image.answered_count,
        "keyframe": image.keyframe,
        "damaged": image.damaged,
        "dhash": f"{image.dhash:016x}",
        "changed": image.changed_bits,
        "size": [image.width, image.height],
    }


def by_command(path: Path, request: str) -> Answer:
    """Captures as a user of the command line does."""
    framecap = str(Path(sys.executable).with_name("framecap"))
    answer: Answer = {"images": [], "warnings": []}
    if request == PROBE:
        ran = subprocess.run([framecap, "probe", "--json", path], capture_output=True, text=True)
        if ran.returncode:
            return answer | {"refused": "", "sentence": ran.stderr.strip()}
        return answer | {"facts": probed(json.loads(ran.stdout)["media"])}
    with tempfile.TemporaryDirectory() as folder:
        command = [framecap, "capture", path, request, "-o", folder, "--events", "-"]
        ran = subprocess.run(command, capture_output=True, text=True)
        for line in ran.stdout.splitlines():
            note(json.loads(line), answer)
        answer["images"] = [
            (row, Path(folder, Path(uri).name).read_bytes()) for row, uri in answer["images"]
        ]
    return answer


def note(event: Answer, answer: Answer) -> None:
    """Notes what an event says."""
    if media := event.get("probed"):
        answer["facts"] = probed(media)
    elif warning := event.get("warning"):
        answer["warnings"].append(warning["reason"])
    elif frame := event.get("frame"):
        change = Fraction(frame["change"]) * 64 / 100
        row = {
            "clock": str(int(frame["pts"]) * rational(frame["timeBase"])),
            "time": nanoseconds(frame["mediaTime"]),
            "requested": nanoseconds(frame["requestedTime"]),
            "answered": frame["answeredCount"],
            "keyframe": frame["keyframe"],
            "damaged": frame["damaged"],
            "dhash": frame["dhash"],
            "changed": round(change) if frame["reason"].endswith("CHANGE") else None,
            "size": [frame["width"], frame["height"]],
            "luma": "",
        }
        answer["images"].append((row, frame["uri"]))
    elif finished := event.get("finished"):
        answer["explained"] = bool(finished.get("shortfalls") or finished.get("explanation"))
        status = finished.get("status") or {}
        if status.get("code"):
            reasons = [d["reason"] for d in status.get("details", ()) if "reason" in d]
            answer |= {"refused": "".join(reasons[:1]), "sentence": status.get("message", "")}


def probed(media: Answer) -> Answer:
    """Returns the facts that a probe reports."""
    duration, rate = media.get("duration"), media.get("frameRate")
    return {
        "container": media["container"],
        "codec": media["codec"],
        "cover": media["cover"],
        "stream": media["streamIndex"],
        "stored": [media["codedWidth"], media["codedHeight"]],
        "displayed": [media["width"], media["height"]],
        "aspect": str(rational(media["sampleAspectRatio"])),
        "rotation": media["rotationDegrees"],
        "mirrored": media["mirrored"],
        "zero": str(rational(media["zero"])),
        "rate": None if rate is None else str(rational(rate)),
        "duration": None if duration is None else nanoseconds(duration),
    }


def rational(value: Answer) -> Fraction:
    """Returns a fraction of an event."""
    return Fraction(int(value["numerator"]), int(value["denominator"]))


def nanoseconds(duration: str) -> int:
    """Returns a duration of an event."""
    return int(Fraction(duration.removesuffix("s")) * 1_000_000_000)


def main() -> None:
    """Answers requests until there are no more."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file", type=Path)
    options.add_argument("folder", type=Path)
    options.add_argument("--through", choices=("process", "command"), default="process")
    options.add_argument("--threads", type=int)
    chosen = options.parse_args()
    lumas = Lumas()
    for line in sys.stdin:
        name, request = line.split()
        if chosen.through == "command":
            answer = by_command(chosen.file, request)
        else:
            answer = in_process(chosen.file, request, chosen.threads, lumas)
        rows = []
        for position, (row, data) in enumerate(answer["images"]):
            row["sha256"] = hashlib.sha256(data).hexdigest()
            row["image"] = None
            if "f_png" in request:
                row["image"] = str(chosen.folder / f"{name}_{position}.png")
                Path(row["image"]).write_bytes(data)
            rows.append(row)
        print(json.dumps(answer | {"name": name, "images": rows}), flush=True)


if __name__ == "__main__":
    main()
