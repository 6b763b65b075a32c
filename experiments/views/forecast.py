"""The forecast of a plan, and putting it into the plan."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from experiments import queries, rules
from experiments.forms.forecast import ForecastForm
from experiments.models import Experiment
from experiments.reports.experience import experience
from experiments.reports.forecast import FORECAST, RATES, Forecast, amount, forecast
from experiments.reports.standing import last_day
from experiments.reports.wording import metric_name
from experiments.services import plans


@require_POST
def settle(request: MemberRequest, key: str) -> HttpResponse:
    """Sizes the plan by the forecast and seals the results until its whole weeks are over."""
    from experiments.views.experiment import page

    found = queries.experiment(key)
    metric = queries.primary_metric(found)
    if metric is None or metric.kind not in FORECAST:
        return redirect("experiment", key, "forecast")
    form = ForecastForm(request.POST, metric=metric)
    made = _forecast(found, form)
    if made is None:
        return page(request, found, "forecast", forecast_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    known = form.assumptions
    sized = {
        "customers": made.total, "minimum_effect": known.relative_effect, "power": known.power, "alpha": known.alpha,
        "looks": (found.plan or {}).get("looks", 1),
    }  # fmt: skip
    plans.change(experiment=found, actor=request.user, plan=sized, sealed_until=_sealed_until(found, made))
    messages.success(request, _("The plan is sized."))
    return redirect("experiment", key, "forecast")


def forecast_context(request: MemberRequest, found: Experiment, form: ForecastForm | None) -> dict[str, Any]:
    metric, may_settle = queries.primary_metric(found), rules.may_prepare(request.user, found)
    if metric is None or metric.kind not in FORECAST:
        return {"metric": None}
    level = queries.newest_level(metric.key)
    if form is None:
        asked = "level" in request.GET
        form = ForecastForm(request.GET, metric=metric) if asked else ForecastForm.of(found, metric, level)
    made = _forecast(found, form) if form.is_bound else None
    is_rate = metric.kind in RATES
    return {
        "metric": metric_name(metric.key),
        "is_rate": is_rate,
        "level": level,
        "form": form,
        "made": made,
        "parts": zip(found.variants.all(), made.customers, strict=True) if made else [],
        "lengths": [(part, amount(part.effect, is_rate=is_rate)) for part in made.lengths] if made else [],
        "experience": experience(metric, minimum_effect=form.assumptions.relative_effect) if made else None,
        "sealed_on": _sealed_until(found, made) if made else None,
        "settled": found.plan if (found.plan or {}).get("minimum_effect") else None,
        "last_day": last_day(found.ends) if found.ends else "",
        "may_settle": may_settle,
    }


def _forecast(found: Experiment, form: ForecastForm) -> Forecast | None:
    """None where the form has errors; an effect that a rate has no room for becomes one."""
    metric = queries.primary_metric(found)
    if metric is None or not form.is_valid():
        return None
    shares = [variant.share for variant in found.variants.all()]
    try:
        return forecast(metric.definition, shares, form.assumptions, starts=found.starts, ends=found.ends)
    except ValueError:
        form.add_error("effect", _("From this base rate so large a change leaves 0% to 100%."))
        return None


def _sealed_until(found: Experiment, made: Forecast) -> datetime | None:
    """The end of the planned whole weeks, or of the experiment if that is sooner; None without dates."""
    if found.starts is None or found.ends is None:
        return None
    return found.ends if made.days is None else min(found.starts + timedelta(days=made.days), found.ends)
