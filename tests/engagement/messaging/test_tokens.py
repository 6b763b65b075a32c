"""The language of messages: what it says, what it refuses, and that no customer's data become more than words."""

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.messaging import markup, tokens
from engagement.messaging.tokens import Place, TemplateBroken, Use

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>' onclick=x javascript:alert(3) --> </style> ]]>"


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        ("Hi {{ first_name }}", {"first_name": "Ada"}, "Hi Ada"),
        ('Hi {{ first_name|fallback:"reader" }}', {}, "Hi reader"),
        ('Hi {{first_name|fallback:"reader"|upper}}', {"first_name": "  "}, "Hi READER"),
        ('{{ first_name|upper|fallback:"reader" }}', {}, "reader"),
        ("{{ name|title }}", {"name": "ada o'brien-smith"}, "Ada O'brien-smith"),
        ("{{ event.total|number:2 }} {{ event.total }}", {"event.total": 1234.5}, "1,234.50 1234.5"),
        ('{{ since|date:"D.M.YYYY" }} {{ since|date }}', {"since": "2027-03-09T10:00:00Z"}, "9.3.2027 2027-03-09"),
        ('{{ since|date|fallback:"long ago" }}', {"since": "soon"}, "long ago"),
        ('{{ total|number|fallback:"some" }}', {"total": "nan"}, "some"),
        ("{% if plan %}gold{% else %}none{% endif %}", {"plan": "x"}, "gold"),
        ("{% if plan %}gold{% else %}none{% endif %}", {"plan": False}, "none"),
        ("{% if plan %}gold{% else %}none{% endif %}", {"plan": 0}, "none"),
        ("{% if a %}1{% if b %}2{% endif %}{% endif %}.", {"a": "x", "b": True}, "12."),
        ("{{ is_member }} {{ nested }} {{ list }}", {"is_member": True, "nested": {"a": 1}, "list": [1]}, "true  "),
        ('a }} b { c {"d": {"e": 1}}', {}, 'a }} b { c {"d": {"e": 1}}'),
        ("{{ prénom }}", {"prénom": "Zoé"}, "Zoé"),
    ],
)
def test_a_template_says_what_is_known(text, words, said):
    assert tokens.render(text, words) == said


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Hi\n  {{ first_name", "Line 2, column 3: {{ is never closed with }}."),
        ("{{ customer.__class__ }}", "Line 1, column 1: a token is the name of a trait, event.NAME or state;"),
        ("{{ event.total.real }}", "Line 1, column 1: a token is the name of a trait"),
        ("{{ __class__ }}", "Line 1, column 1: a token is the name of a trait"),
        ("{{ a[0] }}", "Line 1, column 1: a token is the name of a trait"),
        ("{{ a() }}", "Line 1, column 1: a token is the name of a trait"),
        ("{{ }}", "Line 1, column 1: a token is the name of a trait"),
        ("{{ a|safe }}", "Line 1, column 1: there is no filter “safe”: use fallback, upper,"),
        ("{{ a|fallback }}", 'Line 1, column 1: a fallback is written fallback:"reader".'),
        ("{{ a|number:x }}", 'Line 1, column 1: after | stands a filter, such as fallback:"reader".'),
        ("{{ a|upper:3 }}", "Line 1, column 1: upper takes nothing behind it."),
        ("{% for x in y %}", "Line 1, column 1: between {% and %} there is only if, else and endif."),
        ("{% include 'x' %}", "Line 1, column 1: between {% and %} there is only if, else and endif."),
        ("{% if a.b %}{% endif %}", "Line 1, column 1: a token is the name of a trait"),
        ("{% if a %}x", "Line 1, column 1: this if has no {% endif %}."),
        ("x{% endif %}", "Line 1, column 2: there is {% endif %} without an if before it."),
        (
            "{% if a %}{% else %}{% else %}{% endif %}",
            "Line 1, column 21: there is {% else %} without an if before it.",
        ),
        ("{% if a %}" * 5 + "{% endif %}" * 5, "Line 1, column 41: an if stands at most 4 deep in others."),
        ("{{ a }}" * 201, "Line 1, column 1401: a message has at most 200 tokens."),
        ("x" * 100_001, "Line 1, column 100001: a message has at most 100,000 characters."),
        ("a\x00b", "Line 1, column 2: there is a character that nobody can see."),
    ],
)
def test_what_is_no_part_of_the_language_is_refused_with_its_place(text, sentence):
    with pytest.raises(TemplateBroken) as refusal:
        tokens.parse(text)

    assert str(refusal.value).startswith(sentence)


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        ("<a {{ x }}>", "this token stands in the middle of a tag: put it between quotes."),
        ("<a href={{ x }}>", "this token stands in the middle of a tag"),
        ("<{{ x }}>", "this token stands in the middle of a tag"),
        ("</{{ x }}>", "this token stands in the middle of a tag"),
        ("<p\n{{ x }}='1'>", "this token stands in the middle of a tag"),
        ("<script>f('{{ x }}')</script>", "a token cannot stand inside script or style."),
        ("<script></scripty>{{ x }}", "a token cannot stand inside script or style."),
        ("<STYLE>p{color:{{ x }}}</STYLE>", "a token cannot stand inside script or style."),
        ("<p onclick='f({{ x }})'>", "a token cannot stand in the attribute onclick."),
        ('<p style="color:{{ x }}">', "a token cannot stand in the attribute style."),
        ('<a href="{{ x }}">', "in a link a token stands behind the host: https://example.org/…"),
        ('<a href="java{{ x }}">', "in a link a token stands behind the host"),
        ('<a href="https://a.example{{ x }}">', "in a link a token stands behind the host"),
        (
            '<p {% if x %}class="a"{% endif %}>',
            "an if can stand in text or between quotes, not inside a tag or a style.",
        ),
        ('<p class="{% if x %}a"{% endif %}>', "what this if shows must close every tag and quote that it opens."),
    ],
)
def test_a_token_stands_where_its_words_stay_words(html, sentence):
    with pytest.raises(TemplateBroken) as refusal:
        tokens.parse(html, Place.HTML)

    assert str(refusal.value).partition(": ")[2].startswith(sentence)


def test_b2_3_markup_and_script_in_customer_data_are_shown_as_text():
    html = '<p title="{{ x }}">{{ x }}</p><a href="https://a.example/?n={{ x }}">b</a>'
    html += "<!-- {{ x }} --><title>{{ x }}</title>"
    value = "</title>--><b onclick='f()'>\"&"
    shown = "&lt;/title&gt;--&gt;&lt;b onclick=&#x27;f()&#x27;&gt;&quot;&amp;"
    link = "https://a.example/?n=%3C%2Ftitle%3E--%3E%3Cb%20onclick%3D%27f%28%29%27%3E%22%26"

    said = tokens.render(html, {"x": value}, Place.HTML)

    assert said == (
        f'<p title="{shown}">{shown}</p><a href="{link}">b</a><!-- {shown} --><title>{shown}</title>'
    )  # fmt: skip
    assert tokens.render("Hi {{ x }}", {"x": value}) == f"Hi {value}"


def test_an_address_of_ours_is_a_whole_link():
    words = {"unsubscribe_url": "https://a.example/u/?a=1&b=2"}

    assert tokens.render('<a href="{{ unsubscribe_url }}">x</a>', words, Place.HTML) == (
        '<a href="https://a.example/u/?a=1&amp;b=2">x</a>'
    )
    assert tokens.render("https://a.example/{{ section }}", {"section": "a b/?c"}, Place.LINK) == (
        "https://a.example/a%20b%2F%3Fc"
    )


@pytest.mark.parametrize(
    "text", ["{{ x }}", "https://{{ x }}/", "https://a.example{{ x }}", "https://a.example:80{{ x }}/"]
)
def test_no_customer_says_where_a_link_leads(text):
    with pytest.raises(TemplateBroken, match="in a link a token stands behind the host"):
        tokens.parse(text, Place.LINK)


def test_a_header_is_one_line_whatever_a_customer_is_called():
    words = {"x": "Ada\r\nBcc: all@example.org\u2028\x0b\x85\x00"}

    assert tokens.render("Hi {{ x }}\r\n!", words, Place.HEADER) == "Hi Ada Bcc: all@example.org !"


def test_a_payload_keeps_its_shape():
    said = tokens.render('{"name": "{{ x }}"}', {"x": 'a", "admin": "yes\n'}, Place.JSON)

    assert json.loads(said) == {"name": 'a", "admin": "yes\n'}


def test_tokens_tell_where_a_customer_might_read_nothing():
    text = (
        'Hi {{ a }}\n{{ b|fallback:"x" }}{% if c %}{{ c }}{{ c|date }}{% else %}{{ c }}{% endif %}{{ unsubscribe_url }}'
    )

    assert tokens.tokens_of(text) == [
        Use("a", 1, True),
        Use("b", 2, False),
        Use("c", 2, False),
        Use("c", 2, False),
        Use("c", 2, True),
        Use("c", 2, True),
        Use("unsubscribe_url", 2, False),
    ]


PIECES = st.sampled_from(
    [
        *("{{", "}}", "{%", "%}", "{{ a }}", '{{ a|fallback:"x" }}', "{{ event.x|date }}"),
        *("{% if a %}", "{% else %}", "{% endif %}"),
        *("<", ">", "/", "p", " ", "=", '"', "'", "<!--", "--", "!", "?", "&", "\n", "\x00", "a", "|", "."),
        *("href", "onclick", "https://", '<a href="', "<p title='", "script", "style", "title"),
        *("<script>", "</script>", "<textarea>", "</textarea>", "<title>"),
    ]
)
TEMPLATES = st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60)
VALUES = st.one_of(
    st.text(max_size=40), st.just(HOSTILE), st.just(HOSTILE * 10), st.none(), st.booleans(), st.integers(), st.floats(),
    st.lists(st.text(max_size=3), max_size=2), st.dates(), st.sampled_from(["ß" * 600, "ΐ" * 600, "\ud800"]),
)  # fmt: skip


@given(TEMPLATES, VALUES, st.sampled_from(Place))
def test_nothing_but_its_own_refusal_is_raised_and_what_is_said_is_bounded(text, value, place):
    try:
        template = tokens.parse(text, place)
    except TemplateBroken as broken:
        refusal = broken
    else:
        refusal = None
    if refusal:
        assert str(refusal).startswith(f"Line {refusal.line}, column {refusal.column}: ")
        assert "\n" not in str(refusal)
        return

    said = template.render({"a": value, "event.x": value})

    most = 12 * tokens.LONGEST_VALUE  # what a percent sign or an escape can make of a character
    assert len(said) <= len(text) + most * text.count("{{")
    said.encode()
    if place == Place.HEADER:
        assert not set(said) & set("\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")


class Shape(HTMLParser):
    """Every tag with the names of its attributes, and the values of those that lead somewhere or run."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, [name for name, _value in attrs]))

    def handle_endtag(self, tag):
        self.seen.append(tag)

    def handle_comment(self, data):
        self.seen.append("comment")

    def handle_decl(self, decl):
        self.seen.append("declaration")


@given(
    TEMPLATES, st.sampled_from([HOSTILE, "<b>", "'", '"', "-->", "</title>", "&lt;", "a b=c"]) | st.text(max_size=10)
)
def test_customer_data_never_change_the_shape_of_a_page(text, value):
    try:
        template = tokens.parse(text, Place.HTML)
    except TemplateBroken:
        return

    plain, said = (template.render({"a": word, "event.x": word}) for word in ("x", value or "x"))

    if value.strip():
        assert Shape(said).seen == Shape(plain).seen


@given(st.lists(PIECES, max_size=40).map("".join))
def test_markup_finds_every_token_it_is_asked_for(text):
    marked = text.replace("a", markup.TOKEN).replace("p", markup.FORK)

    found = markup.read(marked)

    assert len(found.spots) == marked.count(markup.TOKEN) + marked.count(markup.FORK)
