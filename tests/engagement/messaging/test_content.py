"""What a message consists of on each channel, and what is wrong with one."""

import pytest

from engagement.messaging import content
from engagement.messaging.content import Fault, Problem

STOP = "{{ unsubscribe_url }}"
SOUND = {
    "email": {"subject": "Hello", "html": f'<p>Dear</p><a href="{STOP}">Stop</a>', "text": f"Dear. {STOP}"},
    "push": {"title": "Hello", "body": "Read on", "url": "https://a.example/"},
    "in_app": {
        "title": "Hello",
        "body": "Read on",
        "button": "Read",
        "url": "https://a.example/{{ plan|fallback:'' }}",
    },
    "webhook": {"payload": '{"to": "{{ email|fallback:\'\' }}", "text": "Hi"}'},
}


@pytest.mark.parametrize("channel", SOUND)
def test_a_sound_message_has_no_problem(channel):
    assert content.problems(SOUND[channel], channel, traits={"plan"}) == []


@pytest.mark.parametrize(
    ("channel", "changes", "problems"),
    [
        (
            "push",
            {"body": 'Hi\n{{ first_name }} {{ plan|fallback:"x" }}'},
            [
                Problem(Fault.TOKEN, "body", "Line 2: first_name has no fallback.", "first_name"),
                Problem(Fault.FIT, "body", "Line 2: no customer has the trait first_name."),
            ],
        ),
        (
            "push",
            {"title": "Hi {{ a.b }}"},
            [
                Problem(
                    Fault.TOKEN,
                    "title",
                    "Line 1, column 4: a token is the name of a trait, event.NAME or state; "
                    "nothing is looked up in it.",
                )
            ],
        ),
        ("push", {"title": "x" * 101}, [Problem(Fault.FIT, "title", "101 characters; the channel takes 100.")]),
        (
            "push",
            {"url": "a.example"},
            [Problem(Fault.LINK, "url", "Line 1: “a.example” is no whole address: begin it with https://.")],
        ),
        ("push", {"body": ""}, [Problem(Fault.FIT, "body", "There is no text here yet.")]),
        (
            "in_app",
            {"body": "See\nwww.a.example"},
            [Problem(Fault.LINK, "body", "Line 2: “www.a.example” is no whole address: begin it with https://.")],
        ),
        (
            "email",
            {"html": f'<a href="/stop">x</a>\n<a href="javascript:f()" onclick="f()">y</a><script>f()</script>{STOP}'},
            [
                Problem(Fault.LINK, "html", "Line 1: “/stop” is no whole address: begin it with https://."),
                Problem(Fault.LINK, "html", "Line 2: “javascript:f()” is no whole address: begin it with https://."),
                Problem(Fault.FIT, "html", "Line 2: onclick does nothing in a message."),
                Problem(Fault.FIT, "html", "Line 2: <script> has no place in a message."),
            ],
        ),
        (
            "email",
            {"text": "Dear"},
            [Problem(Fault.UNSUBSCRIBE, "text", "There is no link to unsubscribe: {{ unsubscribe_url }}.")],
        ),
        (
            "webhook",
            {"payload": '{"to": {{ email|fallback:"" }}}'},
            [Problem(Fault.TOKEN, "payload", "This is no JSON. A token stands between quotes.")],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(channel, changes, problems):
    assert content.problems({**SOUND[channel], **changes}, channel, traits={"plan"}) == problems


def test_a_text_is_kept_on_its_channel_and_nothing_else_is():
    assert content.clean({"push": {"title": "Hi\r\nthere", "body": " ", "colour": "red"}, "fax": {"body": "x"}}) == {
        "push": {"title": "Hi\nthere"}
    }


def test_one_subject_and_one_text_find_their_fields():
    assert content.plain("email", subject="A", body="1 < 2") == {"email": {"subject": "A", "text": "1 < 2"}}
    assert content.plain("email", subject="A", body="<p>B</p>") == {"email": {"subject": "A", "html": "<p>B</p>"}}
    assert content.plain("in_app", subject="A", body="B") == {"in_app": {"title": "A", "body": "B"}}
    assert content.plain("webhook", body="{}") == {"webhook": {"payload": "{}"}}
    assert content.plain("email") == {}


def test_tokens_are_named_once_however_often_they_are_used():
    assert content.uses({"email": {"subject": "{{ a }}", "html": "{{ a }}{{ b }}", "text": "{{"}}) == ["a", "b"]
