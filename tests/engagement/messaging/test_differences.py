"""In what a message differs from another, and the made-up customers of previews."""

from hypothesis import given
from hypothesis import strategies as st

from engagement.messaging import differences
from engagement.messaging.content import FIELDS
from engagement.messaging.differences import aligned, paragraphs
from engagement.messaging.samples import Persona, words_of
from engagement.messaging.tokens import Place

CONTROL = {"email": {"subject": "A", "text": "B"}, "push": {"title": "C", "body": "D", "url": "https://a.example/"}}


def test_each_field_that_differs_is_named():
    other = {"email": {"subject": "A", "text": "X", "preheader": "Y"}}

    found = [(channel, field.name) for channel, field in differences.changed(CONTROL, other)]

    assert found == [
        ("email", "preheader"), ("email", "text"), ("push", "title"), ("push", "body"), ("push", "url"),
    ]  # fmt: skip


def test_levers_are_told_apart():
    words = {**CONTROL, "email": {"subject": "Z", "text": "B"}}
    leads = {**CONTROL, "push": {**CONTROL["push"], "url": "https://b.example/"}}

    assert differences.levers(CONTROL, CONTROL) == []
    assert differences.levers(CONTROL, words) == ["content"]
    assert differences.levers(CONTROL, leads) == ["destination"]
    assert differences.levers(CONTROL, {"email": words["email"]}) == ["channel", "content"]
    assert differences.levers({}, CONTROL) == []


def test_html_is_read_in_paragraphs():
    html = (
        "<style>p{}</style><table><tr><td>Dear <b>reader</b>,</td></tr></table><!-- x --><p>1 &lt; 2\nand 3<br>end</p>"
    )

    assert paragraphs(html, Place.HTML) == ["Dear reader,", "1 < 2 and 3", "end"]
    assert paragraphs("a\n\n b  c \n", Place.TEXT) == ["a", "b c"]


def test_paragraphs_stand_beside_what_they_replace():
    control = ["Good morning", "Free for all", "Join us", "Bye"]

    assert aligned(control, control) == [None] * 4
    assert aligned(control, ["Good morning", "214 days", "Join us", "Bye"]) == [None, "214 days", None, None]
    assert aligned(control, ["Good morning", "Join us", "Bye"]) == [None, "", None, None]
    assert aligned(control, ["Hi", *control]) == ["Hi\nGood morning", None, None, None]
    assert aligned(control, [*control, "PS", "PPS"]) == [None, None, None, "Bye\nPS\nPPS"]
    assert aligned(control, ["Good morning", "x", "y", "z", "Bye"]) == [None, "x", "y\nz", None]
    assert aligned([], ["a", "b"]) == ["a\nb"]


@given(st.lists(st.sampled_from("abcd"), max_size=8), st.lists(st.sampled_from("abcde"), max_size=8))
def test_no_paragraph_is_lost_beside_another(control, other):
    found = aligned(control, other)

    cells = [control[place] if cell is None else cell for place, cell in enumerate(found)] if control else found
    assert [line for cell in cells for line in cell.split("\n") if line] == other


def test_hundreds_of_paragraphs_are_compared_one_by_one():
    control, other = ["a", "b"] * 100, ["a"] * 150

    found = aligned(control, other)

    assert found == [None, "a"] * 75 + [""] * 50
    assert aligned(control, ["a", "b"] * 101) == [None] * 199 + ["b\na\nb"]


@given(st.text(alphabet="<>/!-p b=\"'&;\nstyle", max_size=80))
def test_any_text_has_paragraphs(text):
    assert all(line == line.strip() != "" for line in paragraphs(text, Place.HTML))


def test_made_up_customers_have_a_value_for_every_token_but_the_emptiest():
    names = ["first_name", "order_count", "event.city", "since", "favourite_section", "state", "email"]

    ideal, empty, longest, from_the_right = (words_of(one, names) for one in Persona)

    link = "https://example.org/unsubscribe/"
    assert ideal == {
        "first_name": "Anna", "order_count": 42, "event.city": "Lisbon", "since": "2026-03-09",
        "favourite_section": "favourite section", "state": "core", "email": "anna.berg@example.org",
        "unsubscribe_url": link,
    }  # fmt: skip
    assert empty == {"unsubscribe_url": link}
    assert len(longest["first_name"]) > 25
    assert from_the_right["first_name"] == "ليلى"


def test_every_field_has_room_for_what_is_surely_read():
    assert all(0 < field.good <= field.most for fields in FIELDS.values() for field in fields)
