"""The option table is the documentation's table too."""

from framecap.spec.options import ACTIONS, table

TABLE = """\
| action | key | type | valid | default | meaning |
|---|---|---|---|---|---|
| `video/snapshots` | `ss` | int, ms | 0..2147483647 | `0` | where capture begins |
| `video/snapshots` | `f` | enum | jpg, png | required | image format |
| `video/snapshots` | `m` | enum | inter, key, avg, dhash | `inter` | capture mode |
"""


def test_the_table_as_markdown():
    lines = table().splitlines(keepends=True)
    assert "".join(lines[:5]) == TABLE
    assert len(lines) == 2 + sum(len(action.options) for action in ACTIONS)
    assert {line.count("|") for line in lines} == {7}
    assert all(line.endswith(" |\n") for line in lines[2:])


def test_the_keys_are_those_of_the_reference():
    names = {a.name: ", ".join(option.name for option in a.options) for a in ACTIONS}
    assert names == {
        "video/snapshots": "ss, f, m, thr, num, inter, w, h, pw, ph, scaletype",
        "sys/saveas": "b, o",
        "notify": "topic",
    }


def test_no_name_for_suggestions_is_ambiguous():
    for action in ACTIONS:
        names = [name for option in action.options for name in (option.name, *option.also)]
        assert len(names) == len(set(names))
