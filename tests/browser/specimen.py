"""A page of every component in every state, for looking at and for axe. Part of the tests, never of the site."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path

from engagement.accounts.choices import Discipline
from engagement.core.figures import Group, Interval, forest
from engagement.core.models import Job, JobState

ANCHORS = [
    (1, "nobody would notice."),
    (4, "the goal moves a little, over a year."),
    (7, "the goal moves visibly within a quarter."),
    (10, "the goal is reached by this alone."),
]
TABS = ["plan", "variants", "audience", "forecast", "checklist", "health", "results", "retro", "history"]


class SpecimenForm(forms.Form):
    title = forms.CharField(help_text="One sentence, plain words.")
    by = forms.CharField(required=False)
    pod = forms.ChoiceField(choices=[("", "---------"), ("loyalty", "Reader loyalty")])
    launch = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}), help_text="Local time of the customer.")
    comment = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 2}))
    kind = forms.ChoiceField(choices=[("ab", "A/B"), ("bandit", "Bandit")], widget=forms.RadioSelect)
    ideas = forms.MultipleChoiceField(
        choices=[("1", "Thank readers"), ("2", "A quiet week")], required=False, widget=forms.CheckboxSelectMultiple
    )
    file = forms.FileField(required=False)
    sure = forms.BooleanField(label="I am sure")


def figure() -> dict[str, Any]:
    note, both = "A: thank-you note", "B: note and topic choice"
    return forest(
        [
            Group(
                "Primary: active in week 2",
                [
                    Interval(note, 7.3, 2.8, 12.1, 1, "+7.3%", "+2.8 to +12.1%", "▲ Better"),
                    Interval(both, 2.6, -1.9, 7.2, 2, "+2.6%", "−1.9 to +7.2%", "○ No clear difference"),
                ],
                band=(-4.8, 4.8),
            ),
            Group(
                "Secondary: new supporters, 28 days",
                [
                    Interval(note, 21.1, -1.6, 49.0, 1, "+21.1%", "−1.6 to +49.0%", "○ No clear difference"),
                    Interval(both, None, None, None, 2, "no estimate", "", "○ Not enough data yet"),
                ],
            ),
        ],
        unit="%",
        columns=("Lift and interval", "Verdict"),
        axis_words=("worse than control", "better than control"),
    )


def context() -> dict[str, Any]:
    curve = {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "x": [1, 7, 14, 28],
                "y": [78, 50, 38, 30],
                "line": {"color": "var(--v1)", "width": 2},
            }
        ],
        "layout": {
            "annotations": [
                {"x": 14, "y": 38, "text": "<b>A</b> & <a href='/'>B</a>", "showarrow": False, "yshift": 12}
            ],
            "height": 240,
            "hovermode": "x unified",
            "yaxis": {"ticksuffix": "%", "range": [0, 80]},
        },
    }
    return {
        "form": SpecimenForm({"title": "Thank readers", "by": "improve", "kind": "ab", "pod": "", "ideas": ["1"]}),
        "anchors": ANCHORS,
        "figure": figure(),
        "curve": curve,
        "running": Job(label="Import", state=JobState.RUNNING, doing="Reading 64,000 rows", done=3120, total=64000),
        "waiting": Job(label="Import", state=JobState.QUEUED),
        "tabs": [{"url": f"#{name}", "label": name.title(), "current": name == "results"} for name in TABS],
        "axis": (-3, 5),
        "verdicts": ["better", "worse", "no clear difference", "not enough data yet", "invalid"],
        "disciplines": list(Discipline.values),
    }


def specimen(request: HttpRequest) -> HttpResponse:
    return render(request, "specimen.html", context())


def report(request: HttpRequest) -> HttpResponse:
    return render(request, "specimen_report.html", context())


urlpatterns = [path("specimen/", specimen), path("specimen/report/", report), path("", include("engagement.urls"))]
