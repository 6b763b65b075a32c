"""What an experiment's variants say: side by side, one in its editor, and as customers would read them."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now
from engagement.core.errors import DomainError
from engagement.customers import queries as customers
from engagement.customers import rules as customer_rules
from engagement.customers.services.audiences import parsed
from engagement.customers.services.selecting import lacking
from engagement.messaging.choices import Channel
from engagement.messaging.content import KNOWN, Contents, spoken, uses
from engagement.messaging.samples import Persona, words_of
from engagement.messaging.services import previews
from engagement.messaging.tokens import BUILT_IN, TemplateBroken
from experiments import queries, rules
from experiments.forms.message import CopyForm, MessageForm
from experiments.models import Experiment, Variant
from experiments.reports import variants as report
from experiments.reports.standing import NextStep, StateLine
from experiments.services import checklist, variants

PERSONAS = {
    Persona.IDEAL: gettext_lazy("Ideal customer"),
    Persona.EMPTIEST: gettext_lazy("Emptiest customer"),
    Persona.LONGEST: gettext_lazy("Longest name"),
    Persona.RIGHT_TO_LEFT: gettext_lazy("Right-to-left text"),
}
LOOKS = {
    "narrow": gettext_lazy("Narrow, light"),
    "wide": gettext_lazy("Wide, light"),
    "narrow-dark": gettext_lazy("Narrow, dark"),
    "wide-dark": gettext_lazy("Wide, dark"),
}
# A preview runs nothing, sends nothing and belongs to no origin; e-mail brings its own styles and pictures.
POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)
# As a real customer it fetches no picture either: an address may hold their name.
CLOSED = POLICY.replace("https: ", "")


def variants_context(request: MemberRequest, found: Experiment, form: CopyForm | None = None) -> dict[str, Any]:
    """The tab: a column per variant, the differences, the tokens, a form for one more."""
    listed = list(found.variants.select_related("message"))
    tokens = sorted({token for one in listed for token in uses(report.contents_of(one))})
    columns = report.columns(listed, traits=_traits(tokens), is_sent_here=hasattr(found, "sending"))
    first, main = report.headline(columns)
    context: dict[str, Any] = {
        "columns": columns,
        "rows": report.table(listed),
        "state": StateLine(first, main),
        "may_change": _may_change(request, found),
        "copy_form": form or CopyForm(variants=listed),
        "is_full": len(listed) >= checklist.MOST_VARIANTS_ALONE and not checklist.may_have_many(found),
        "has_tokens": any(token not in BUILT_IN for token in tokens),
        "gaps": _gaps(found, tokens) if "gaps" in request.GET else None,
        **_asked(request.GET),
    }
    blocking = next(((one, said) for one in columns for said in one.problems if said.is_blocking), None)
    if context["may_change"] and blocking is not None:
        context["next_step"] = _repair(found, *blocking)
    return context


def edit(request: MemberRequest, key: str, place: int) -> HttpResponse:
    """One variant's message beside its preview. Where somebody else saved meanwhile, both texts come back."""
    found, variant = _variant(key, place)
    if request.method != "POST":
        return _editor(request, found, variant, MessageForm.of(report.contents_of(variant)))
    form, seen = MessageForm(request.POST), request.POST.get("seen_version", "")
    if not form.is_valid():
        return _editor(request, found, variant, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        variants.save(
            variant=variant, contents=form.contents, seen_version=int(seen) if seen.isdecimal() else 0,
            actor=request.user,
        )  # fmt: skip
    except DomainError as error:  # what was typed stays, whatever it is refused for
        return _editor(request, found, variant, form, refused=error, status=error.status)
    messages.success(request, _("“%(name)s” is saved.") % {"name": variant})
    return redirect("experiment", key, "variants")


@require_POST
def add(request: MemberRequest, key: str) -> HttpResponse:
    """Adds a copy and opens it; a refusal brings the tab back with what was typed."""
    from experiments.views.experiment import page

    found = queries.experiment(key)
    form = CopyForm(request.POST, variants=list(found.variants.all()))
    if not form.is_valid():
        return page(request, found, "variants", copy_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        made = variants.add(experiment=found, actor=request.user, **form.cleaned_data)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return page(request, found, "variants", copy_form=form, status=error.status)
    return redirect("experiment_variant", key, made.position)


@require_POST
def remove(request: MemberRequest, key: str, place: int) -> HttpResponse:
    _found, variant = _variant(key, place)
    variants.remove(variant=variant, actor=request.user)
    messages.success(request, _("“%(name)s” is taken out; the others share what it had.") % {"name": variant})
    return redirect("experiment", key, "variants")


def token_gaps(request: MemberRequest, key: str) -> HttpResponse:
    """Of how many customers each token is unknown, as a part of the tab."""
    found = queries.experiment(key)
    listed = found.variants.select_related("message")
    tokens = sorted({token for one in listed for token in uses(report.contents_of(one))})
    return render(request, "experiments/_token_gaps.html", {"experiment": found, "gaps": _gaps(found, tokens)})


def preview(request: MemberRequest, key: str, place: int) -> HttpResponse:
    """A message as somebody would read it: saved, or as it stands in the editor. Shown in a sandboxed frame."""
    found, variant = _variant(key, place)
    contents = MessageForm(request.POST).contents if request.method == "POST" else report.contents_of(variant)
    if request.method == "POST" and "as_customer" in request.POST:
        return _preview_as_customer(request, found, contents)
    persona = Persona(_asked(request.POST or request.GET)["persona"])
    return _framed(POLICY, _drawn(request, found, contents, words_of(persona, uses(contents))))


def _preview_as_customer(request: MemberRequest, found: Experiment, contents: Contents) -> HttpResponse:
    named = request.POST.get("customer", "")
    try:
        customer, words, is_masked = previews.look_as(named=named, names=uses(contents), actor=request.user)
    except DomainError as error:
        return _framed(CLOSED, {"refusal": str(error)}, status=error.status)
    told = _("As customer %(number)d, masked.") if is_masked else _("As customer %(number)d.")
    note = f"{told % {'number': customer.pk}} {_('That is in the audit trail.')}"
    return _framed(CLOSED, _drawn(request, found, contents, words) | {"note": note})


def _framed(policy: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = HttpResponse(render_to_string("experiments/preview.html", context), status=status)
    response["Content-Security-Policy"] = policy
    return response


def _drawn(request: MemberRequest, found: Experiment, contents: Contents, words: Mapping[str, Any]) -> dict[str, Any]:
    control = found.variants.select_related("message").filter(position=0).first()
    before = report.contents_of(control) if control else {}
    asked = _asked(request.POST or request.GET)
    parts = [_part(channel, said, before.get(channel, {}), words) for channel, said in contents.items()]
    return {"parts": parts, **asked}


def _part(
    channel: str, said: Mapping[str, str], control: Mapping[str, str], words: Mapping[str, Any]
) -> dict[str, Any]:
    """A channel of a preview; `changed` holds the fields that are not as in control."""
    part: dict[str, Any] = {"channel": channel, "label": Channel(channel).label}
    try:
        read = spoken(said, channel, words)
    except TemplateBroken as error:
        return {**part, "broken": str(error)}
    changed = {name for name, text in said.items() if control and text != control.get(name, "")}
    return {**part, "said": read, "changed": changed, "lines": read.get("text", read.get("body", "")).split("\n")}


def _editor(
    request: MemberRequest, found: Experiment, variant: Variant, form: MessageForm,
    *, refused: DomainError | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    version = variant.message.version if variant.message else 0
    changed = refused if isinstance(refused, variants.ChangedMeanwhile) else None
    may_change, traits = _may_change(request, found), _traits(uses(form.contents))
    if not may_change:
        form.freeze()
    context = {
        "experiment": found,
        "variant": variant,
        "parts": list(form.parts(traits=traits, theirs=changed.theirs if changed else None)),
        "seen_version": changed.version if changed else version,
        "refusal": str(refused or ""),
        "is_changed": changed is not None,
        "errors": form.errors if form.is_bound else {},
        "may_change": may_change,
        "may_show": customer_rules.may_see_personal(request.user),
        **_asked(request.POST or request.GET),
    }
    return render(request, "experiments/variant.html", context, status=status)


def _variant(key: str, place: int) -> tuple[Experiment, Variant]:
    found = queries.experiment(key)
    return found, get_object_or_404(found.variants.select_related("message", "experiment"), position=place)


def _may_change(request: MemberRequest, found: Experiment) -> bool:
    return rules.may_prepare(request.user, found) and not found.follows_dates


def _asked(data: Mapping[str, Any]) -> dict[str, Any]:
    """As whom and how a preview is looked at, with what else there is to choose."""
    persona, look = data.get("as", ""), data.get("look", "")
    return {
        "persona": persona if persona in PERSONAS else Persona.IDEAL,
        "look": look if look in LOOKS else "narrow",
        "personas": PERSONAS.items(),
        "looks": LOOKS.items(),
    }


def _traits(tokens: Iterable[str]) -> set[str]:
    """Those of the tokens that some customer has."""
    return customers.known_traits(token for token in tokens if token not in KNOWN and not token.startswith("event."))


def _gaps(found: Experiment, tokens: Iterable[str]) -> dict[str, Any]:
    """Per token how many of the audience have nothing in its place; None where only the event at hand can tell."""
    asked = [token for token in tokens if token not in BUILT_IN]
    told = [name for name in asked if name != "state" and not name.startswith("event.")]
    version = found.audience_version
    customers_in, missing = lacking(parsed(version.rule) if version else None, told, at=now())
    share = {token: missing[token] / customers_in if customers_in else None for token in told}
    return {
        "customers": f"{customers_in:,}",
        "audience": version,
        "rows": [(token, f"{missing[token]:,}" if token in missing else "", share.get(token)) for token in asked],
    }


def _repair(found: Experiment, column: report.Column, said: report.Said) -> NextStep:
    words = {"token": said.problem.token, "variant": column.variant.name}
    what = _("Mend “%(variant)s”") % words
    if said.problem.token:
        what = _("Give {{ %(token)s }} a fallback in “%(variant)s”") % words
    url = reverse("experiment_variant", args=[found.key, column.variant.position])
    who = _("Any member. The draft is saved; launch is refused until it is mended.")
    return NextStep(what, who, url, _("Edit %(variant)s") % words)
