"""`framecap demo` from beginning to end."""

import hashlib

from PIL import Image

from framecap.cli.sample import contact_sheet as sheet
from framecap.cli.sample.scenes import SCENES
from support.cli import processes


def test_the_demo(process, tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "contact-sheet.png").write_bytes(b"of an earlier run")
    done = process("demo", "-o", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{folder}/contact-sheet.png" in done.stdout
    assert done.stderr == ""

    even, change = (sorted(folder.glob(f"{name}_*.jpg")) for name in ("even", "change"))
    assert len(even) == 12
    assert len(change) == len(SCENES)
    assert len({hashlib.sha256(path.read_bytes()).digest() for path in even}) == 12
    for path in even + change:
        with Image.open(path) as image:
            assert (image.format, image.size) == ("JPEG", (640, 360))
    with Image.open(folder / "contact-sheet.png") as image:
        image.load()
        rows = 2 + 1
        assert image.width == sheet.WIDTH
        assert image.height > rows * sheet.THUMBNAIL[1]

    assert processes.with_argument(str(folder)) == []
