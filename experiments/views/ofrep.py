"""The OpenFeature Remote Evaluation Protocol: any OpenFeature client asks here which variant a customer gets.

A flag is an experiment; its value is the variant's in-app content, once it is decided that of the default message.
Source: the protocol's OpenAPI description, 0.3.
"""

from typing import Any

import msgspec
import xxhash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from engagement.accounts.choices import Scope
from engagement.accounts.cors import origin_of, preflight, readable
from engagement.accounts.keys import KnownKey, known_key
from engagement.core.clock import now
from engagement.customers.payloads import LARGEST_ITEM, LONGEST_NAME
from engagement.customers.rate import allowance
from experiments.models import Experiment
from experiments.services.assigning import decide, experiment_open_now
from experiments.services.in_force import InForce, defaults_in_force, experiments_in_force

ENCODE = msgspec.json.Encoder().encode
SPLIT, STATIC = "SPLIT", "STATIC"  # by an experiment that runs; by what an earlier one shipped
NO_VARIANT = ""  # the protocol lets it be left out; its Python client asks for one all the same
ALLOWED, EXPOSED = "Authorization, Content-Type, If-None-Match, X-API-Key", "ETag, Retry-After"
Json = dict[str, Any]


class Refusal(Exception):
    """A request that is not answered: its status, the protocol's code, a sentence."""

    def __init__(self, status: int, code: str, details: str, *, headers: dict[str, str] | None = None) -> None:
        super().__init__(details)
        self.status, self.headers = status, headers or {}
        self.told: Json = {"errorCode": code, "errorDetails": details}


@csrf_exempt
@login_not_required
def evaluate(request: HttpRequest, key: str) -> HttpResponse:
    """One experiment for one customer.

    Without `value` where the customer gets no variant: the program's own default holds. `DISABLED`: the experiment
    decides about nobody now. `STATIC`: it is decided, and this is the default message of everybody but its holdout.
    """
    return _answered(request, lambda customer: _json(_one(key, customer)), about={"key": key})


@csrf_exempt
@login_not_required
def evaluate_all(request: HttpRequest) -> HttpResponse:
    """Every experiment that decides now; 304 to a program that knows this very answer by its ETag."""
    return _answered(request, lambda customer: _every(request, customer), about={})


def _every(request: HttpRequest, customer: str) -> HttpResponse:
    moment = now()
    found = {key: (one, STATIC) for key, one in defaults_in_force().items()}
    found |= {key: (one, SPLIT) for key, one in experiments_in_force().items() if one.is_open(moment)}
    flags = [_flag(one, customer, reason) for _key, (one, reason) in sorted(found.items())]
    told = ENCODE({"flags": flags})
    # Of the customer and the whole answer, so that neither another context nor another variant looks like this one.
    tag = f'"{xxhash.xxh3_128_hexdigest(customer.encode() + bytes(1) + told)}"'
    if tag in [part.strip().removeprefix("W/") for part in request.headers.get("If-None-Match", "").split(",")]:
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(told, content_type="application/json", headers={"ETag": tag})


def _one(key: str, customer: str) -> Json:
    found, default = experiment_open_now(key), defaults_in_force().get(key)
    if found is not None:
        return _flag(found, customer, SPLIT)
    if default is not None:
        return _flag(default, customer, STATIC)
    if Experiment.objects.filter(key=key).exists():
        return {"key": key, "reason": "DISABLED", "variant": NO_VARIANT, "metadata": {}}
    raise Refusal(404, "FLAG_NOT_FOUND", f"There is no experiment “{key}”.")


def _flag(experiment: InForce, customer: str, reason: str) -> Json:
    decided = decide(experiment, customer)
    told: Json = {"key": experiment.key, "metadata": {"version": experiment.version}}
    if decided.assigned is None:
        return {**told, "reason": "DEFAULT", "variant": NO_VARIANT}
    variant = decided.assigned.variant
    return {**told, "reason": reason, "variant": variant.key, "value": variant.content}


def _answered(request: HttpRequest, answer: Any, *, about: Json) -> HttpResponse:
    key = None
    try:
        if request.method == "OPTIONS":
            return preflight(request, allowed=ALLOWED) or HttpResponse(status=403)
        key = _key(request)
        response = answer(_customer(request))
    except Refusal as refusal:
        response = _json({**about, **refusal.told}, status=refusal.status, headers=refusal.headers)
    return readable(response, request, key, exposed=EXPOSED)


def _key(request: HttpRequest) -> KnownKey:
    """The key of the call: `Authorization: Bearer …`, or `X-API-Key`."""
    scheme, _, told = request.headers.get("Authorization", "").partition(" ")
    text = told if scheme.lower() == "bearer" else request.headers.get("X-API-Key", "")
    key = known_key(text.strip())
    if key is None:
        headers = {"WWW-Authenticate": "Bearer"}
        raise Refusal(401, "GENERAL", "Asking needs a key that was not revoked.", headers=headers)
    if Scope.TRACK not in key.scopes:
        raise Refusal(403, "GENERAL", "This key may read and may not ask for variants.")
    if key.is_publishable and origin_of(request) not in key.origins:
        raise Refusal(403, "GENERAL", "This key may not be used from here.")
    wait_s = allowance(key.pk)
    if wait_s:
        raise Refusal(429, "GENERAL", "Too many calls with this key.", headers={"Retry-After": str(wait_s)})
    return key


def _customer(request: HttpRequest) -> str:
    """The customer id that the context names; refused in the protocol's words."""
    if request.method != "POST":
        raise Refusal(405, "GENERAL", "Calls are POST requests.", headers={"Allow": "POST, OPTIONS"})
    body = request.read(LARGEST_ITEM + 1)
    if len(body) > LARGEST_ITEM:
        raise Refusal(413, "PARSE_ERROR", f"A context may hold {LARGEST_ITEM // 1024} KB.")
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "PARSE_ERROR", "The body is no JSON.") from None
    context = sent.get("context") if isinstance(sent, dict) else None
    if not isinstance(context, dict):
        raise Refusal(400, "INVALID_CONTEXT", "The body needs a context, an object.")
    customer = context.get("targetingKey")
    if customer in (None, ""):
        raise Refusal(400, "TARGETING_KEY_MISSING", "The context needs a targetingKey: the customer id.")
    if not isinstance(customer, str) or len(customer) > LONGEST_NAME or "\0" in customer:
        sentence = f"A targetingKey is text of at most {LONGEST_NAME} characters, none of them zero."
        raise Refusal(400, "INVALID_CONTEXT", sentence)
    return customer


def _json(told: Json, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(ENCODE(told), content_type="application/json", status=status, headers=headers)
