import io

import pytest
from PIL import Image

from framecap.cli.sample import contact_sheet as sheet

SECOND = 1_000_000_000


def shot(seconds, colour, size=(320, 180)):
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "PNG")
    return sheet.Shot(data=stream.getvalue(), time=seconds * SECOND, note="note")


def section(count, colour=(250, 10, 10)):
    shots = tuple(shot(i, colour) for i in range(count))
    return sheet.Section(title="Title", request="video/snapshots,f_jpg", shots=shots)


def draw(*sections):
    return sheet.draw_contact_sheet(sections, subtitle="a clip", duration=20 * SECOND)


@pytest.mark.parametrize(
    ("counts", "rows"), [((1,), 1), ((6,), 1), ((7,), 2), ((12, 6), 3), ((0,), 0)]
)
def test_the_sheet_grows_by_rows(counts, rows):
    sections = [section(count) for count in counts]
    picture = draw(*sections)
    assert picture.size == (sheet.WIDTH, sheet.contact_sheet_height(sections))
    pictures_height = rows * (sheet.THUMBNAIL[1] + sheet.CAPTION)
    assert picture.height > pictures_height


def test_every_picture_is_on_the_sheet():
    picture = draw(section(12))
    top = sheet.HEADER + sheet.SECTION_HEADER
    for row in range(2):
        for column in range(sheet.COLUMNS):
            x = sheet.MARGIN + column * (sheet.THUMBNAIL[0] + sheet.GAP) + sheet.THUMBNAIL[0] // 2
            y = top + row * (sheet.THUMBNAIL[1] + sheet.CAPTION + sheet.GAP) + 70
            assert picture.getpixel((x, y)) == (250, 10, 10)


def test_a_picture_of_another_shape_gets_bars():
    tall = sheet.Section(title="t", request="r", shots=(shot(0, (0, 250, 0), (90, 180)),))
    picture = draw(tall)
    y = sheet.HEADER + sheet.SECTION_HEADER + 70
    assert picture.getpixel((sheet.MARGIN + 20, y)) == (0, 0, 0)
    assert picture.getpixel((sheet.MARGIN + sheet.THUMBNAIL[0] // 2, y)) == (0, 250, 0)


def test_the_time_line_has_a_dot_per_picture():
    picture = draw(section(3))
    y = sheet.HEADER + 80
    length = sheet.WIDTH - 2 * sheet.MARGIN
    for second in range(3):
        assert picture.getpixel((sheet.MARGIN + length * second // 20, y)) == sheet.ACCENT
    assert picture.getpixel((sheet.MARGIN + length // 2, y)) == sheet.RULE
