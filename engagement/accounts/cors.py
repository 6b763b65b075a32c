"""What a page of another origin may call, and read of the answer: the origins that publishable keys name."""

from django.http import HttpRequest, HttpResponse

from engagement.accounts.keys import KnownKey, origin_is_known

KNOWN_FOR_S = "600"


def origin_of(request: HttpRequest) -> str:
    return request.headers.get("Origin", "").lower()


def preflight(request: HttpRequest, *, allowed: str) -> HttpResponse | None:
    """The answer to a browser that asks before it posts with the `allowed` headers; None for an unknown origin."""
    origin = origin_of(request)
    if not origin_is_known(origin):
        return None
    return HttpResponse(
        status=204,
        headers={
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": allowed,
            "Access-Control-Max-Age": KNOWN_FOR_S,
            "Vary": "Origin",
        },
    )


def readable(response: HttpResponse, request: HttpRequest, key: KnownKey | None, *, exposed: str) -> HttpResponse:
    """A page of a known origin may read what it is told, refusals too; a secret key has no business there."""
    origin = origin_of(request)
    if origin and (origin in key.origins if key else origin_is_known(origin)):
        response["Access-Control-Allow-Origin"] = origin
        response["Access-Control-Expose-Headers"] = exposed
        response["Vary"] = "Origin"
    return response
