"""Results as sentences: what a treatment did, in words that can be read aloud."""

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from engagement.core.templatetags.estimates import decimals
from experiments import stats
from experiments.reports.effects import Effect

Verdict = stats.Verdict
BASES = (100, 1_000, 10_000, 100_000)
WITHOUT_INTERVAL = {
    stats.Status.EMPTY_ARM: gettext_lazy("No customer of it counts yet."),
    stats.Status.TOO_FEW: gettext_lazy("There are too few customers for an interval."),
    stats.Status.ZERO_VARIANCE: gettext_lazy("All customers have the same value, so there is no interval."),
    stats.Status.NO_VARIATION: gettext_lazy("All customers have the same value, so there is no interval."),
    stats.Status.NOT_IDENTIFIED: gettext_lazy(
        "A bandit compares shares and means; of this metric no difference is told."
    ),
    stats.Status.IMMATURE: gettext_lazy("The windows of its customers are still open."),
}


def listed(names: Sequence[str]) -> str:
    """Such as A, B and C."""
    return _joined(names, _("%(first)s and %(last)s"))


def one_of(names: Sequence[str]) -> str:
    """Such as A, B or C."""
    return _joined(names, _("%(first)s or %(last)s"))


def _joined(names: Sequence[str], pattern: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return pattern % {"first": ", ".join(names[:-1]), "last": names[-1]}


def verdict_sentence(verdicts: Mapping[str, str]) -> str:
    """Which treatment (by name) did what, such as “A is better, B shows no clear difference”, without a full stop."""
    words = set(verdicts.values())
    if Verdict.INVALID in words:
        return _("The result is invalid")
    if words == {Verdict.NOT_ENOUGH_DATA}:
        return _("There is not enough data yet")
    return ", ".join(
        _part(word, [name for name, own in verdicts.items() if own == word]) for word in Verdict if word in words
    )


def _part(word: Verdict, names: Sequence[str]) -> str:
    values = {"names": listed(names)}
    match word:
        case Verdict.BETTER:
            return ngettext("%(names)s is better", "%(names)s are better", len(names)) % values
        case Verdict.WORSE:
            return ngettext("%(names)s is worse", "%(names)s are worse", len(names)) % values
        case Verdict.NO_CLEAR_DIFFERENCE:
            return (
                ngettext("%(names)s shows no clear difference", "%(names)s show no clear difference", len(names))
                % values
            )
        case _:
            return _("%(names)s: not enough data yet") % values


def effect_sentence(effect: Effect, *, control: str, status: str) -> str:
    """What customers of this treatment did more or less than those of control, and what else the data allow."""
    if effect.verdict == Verdict.INVALID:
        return _("A health check failed, so no effect is shown.")
    if effect.estimate is None and effect.verdict == Verdict.NOT_ENOUGH_DATA:
        return _("The plan is not reached yet, so no effect is shown.")
    if not effect.has_interval:
        return str(WITHOUT_INTERVAL.get(stats.Status(status), _("There is no interval, so no effect is shown.")))
    per = _("in %(base)s customers") % {"base": f"{_base(effect):,}"} if _is_share(effect) else _("per customer")
    amount, allowed = _amounts(effect)
    values = {"amount": amount, "range": allowed, "per": per, "control": control}
    if effect.verdict == Verdict.NO_CLEAR_DIFFERENCE:
        return _("Zero lies inside the interval: the data allow %(range)s %(per)s.") % values
    return _("About %(amount)s %(per)s than with %(control)s; the data allow %(range)s.") % values


def _amounts(effect: Effect) -> tuple[str, str]:
    """The estimate as “0.42 EUR more” and the interval as “0.13 to 0.71 EUR more”, with the same decimals."""
    numbers = [float(number or 0) * _base(effect) for number in (effect.estimate, effect.low, effect.high)]
    places = min(decimals(*numbers), 1) if _is_share(effect) else decimals(*numbers)
    estimate, low, high = (_amount(effect, number, places) for number in numbers)
    if numbers[1] * numbers[2] <= 0:
        return estimate, _("%(low)s to %(high)s") % {"low": low, "high": high}
    near = f"{min(abs(numbers[1]), abs(numbers[2])):,.{places}f}"
    return estimate, _("%(low)s to %(high)s") % {"low": near, "high": high if numbers[1] > 0 else low}


def _amount(effect: Effect, number: float, places: int) -> str:
    text = f"{abs(number):,.{places}f}"
    if _is_share(effect):
        return (_("%(number)s fewer") if number < 0 else _("%(number)s more")) % {"number": text}
    with_unit = f"{text}\N{NO-BREAK SPACE}{effect.unit}" if effect.unit else text
    return (_("%(number)s less") if number < 0 else _("%(number)s more")) % {"number": with_unit}


def _base(effect: Effect) -> int:
    """Of how many customers to speak, so that the farther end of the interval is at least one of them."""
    if not _is_share(effect):
        return 1
    reach = max(abs(effect.low or 0), abs(effect.high or 0))
    return next((base for base in BASES if reach * base >= 1), BASES[-1])


def _is_share(effect: Effect) -> bool:
    return effect.is_share
