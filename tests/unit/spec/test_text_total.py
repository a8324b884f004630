"""The parser is total: a request or a RequestError, for any text."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from framecap.errors import OptionMissing, RequestError, ValueOutOfRange
from framecap.spec.format import format_text
from framecap.spec.text import parse
from support.spec.strategies import texts

anything = st.text(st.characters(), max_size=60)
PIECES = (
    *("video/snapshots", ",", "|", "/", "_", "=", "sys/saveas", "notify", "f_jpg", "o_YQ", "b_"),
    *("topic_YQ==", "w_", "99", "-", "+", " ", "\n", "\x00", "m_avg", "num_", "\ud800", "é"),
)
pieces = st.lists(st.sampled_from(PIECES), max_size=20).map("".join)


@st.composite
def mutated(draw):
    """A valid text after a few deletions, insertions and exchanges."""
    text = list(draw(texts()))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 3))
        text[at : at + cut] = draw(st.text(st.characters() | st.sampled_from(",|/_="), max_size=3))
    return "".join(text)


def check(text):
    try:
        parsed = parse(text)
    except RequestError as error:
        assert error.field == "text"
        assert error.column is not None
        assert 1 <= error.column <= len(text) + 1
        assert error.message.startswith(f"text:{error.column}: ")
        assert len(error.message.encode()) < 2048
        assert all(len(part.encode()) < 1024 for part in error.metadata.values())
    else:
        canonical = format_text(parsed.spec)
        assert canonical is not None
        assert parse(canonical).spec == parsed.spec
        assert "\n" not in "".join(warning.message for warning in parsed.warnings)


@given(anything)
@example("\x1f")
@example("\ufeffvideo/snapshots,f_jpg")
@settings(max_examples=200)
def test_any_text(text):
    check(text)


@given(anything)
@settings(max_examples=200)
def test_any_text_behind_the_action(text):
    check("video/snapshots," + text)


@given(pieces)
@settings(max_examples=300)
def test_pieces_of_texts_in_any_order(text):
    check(text)


@given(mutated())
@settings(max_examples=120)
def test_texts_with_mistakes(text):
    check(text)


@given(texts())
@settings(max_examples=60)
def test_texts_of_the_option_table_are_valid(text):
    try:
        parse(text)
    except (OptionMissing, ValueOutOfRange) as error:
        assert "m_avg" in text
        assert error.metadata["option"] == "num"
    else:
        check(text)
