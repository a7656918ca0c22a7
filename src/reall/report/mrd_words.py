"""MRD results in words: sentences that cannot be misread, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reall.base.written import translatable
from reall.report.speech import ENGLISH, Speech

HEADLINE = {
    "negative": translatable("Not detected"),
    "positive_not_quantifiable": translatable("Detected, not quantifiable"),
    "quantified": translatable("Quantified"),
    "not_evaluable": translatable("Not evaluable"),
}
PURPOSE = {
    "therapy_reduction": translatable("therapy reduction (avoids false negatives)"),
    "therapy_intensification": translatable("therapy intensification (avoids false positives)"),
    None: translatable("not chosen; both readings were made"),
}
NO_RULES = translatable("no rule set, no call")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def fraction_in_words(value: float | None, speech: Speech = ENGLISH) -> str:
    """A level as scientific number and percent; a dash when it is unknown.

    >>> fraction_in_words(5.13e-4), fraction_in_words(5.13e-4, Speech(decimal_mark=","))
    ('5.1 × 10⁻⁴ (0.051 %)', '5,1 × 10⁻⁴ (0,051 %)')
    """
    if value is None:
        return "–"
    if value == 0:
        return "0"
    mantissa, exponent = f"{value:.1e}".split("e")
    percent = f"{value * 100:.2g}"
    return speech.number(f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)} ({float(percent):g} %)")


def purpose_in_words(result: Mapping[str, Any], speech: Speech = ENGLISH) -> str:
    """Say what a result was read for."""
    return speech.say(PURPOSE[result.get("purpose")] if result.get("ruleset") else NO_RULES)


def result_in_words(result: Mapping[str, Any], speech: Speech = ENGLISH) -> str:
    """One sentence that cannot be misread: a negative names its sensitivity, a level its interval."""
    match result["class"]:
        case "negative":
            shown = fraction_in_words(result["sensitivity_fraction"], speech)
            if result.get("alerts"):
                return speech.say(
                    "None of the tracked clones was detected ({shown} or more would have been), but others grow.",
                    shown=shown,
                )
            return speech.say(
                "No leukaemia was detected; {shown} or more would have been. It does not mean zero.", shown=shown
            )
        case "positive_not_quantifiable":
            return _outside_the_range(result.get("interval"), speech)
        case "quantified":
            level = fraction_in_words(result["level_fraction"], speech)
            low, high = _ends(result.get("interval"), speech)
            return speech.say("{level}, between {low} and {high}.", level=level, low=low, high=high)
    return _without_a_call(result, speech)


def _outside_the_range(interval: Sequence[float] | None, speech: Speech) -> str:
    low, high = interval or (None, None)
    if low:
        above = fraction_in_words(low, speech)
        return speech.say("Leukaemia was detected outside the quantitative range: above {level}.", level=above)
    most = fraction_in_words(high, speech)
    return speech.say("Leukaemia was detected outside the quantitative range: at most {level}.", level=most)


def _without_a_call(result: Mapping[str, Any], speech: Speech) -> str:
    level, interval = result.get("level_fraction"), result.get("interval")
    said = speech.say("No positive or negative call was made.")
    low, high = _ends(interval, speech)
    if level:
        shown = fraction_in_words(level, speech)
        measured = speech.say(
            "Measured without a call: {level}, between {low} and {high}.", level=shown, low=low, high=high
        )
        return f"{said} {measured}"
    if interval:
        allowed = speech.say("What the sample allows: between {low} and {high}.", low=low, high=high)
        return f"{said} {allowed}"
    return said


def _ends(interval: Sequence[float] | None, speech: Speech) -> tuple[str, str]:
    low, high = interval or (None, None)
    return fraction_in_words(low, speech), fraction_in_words(high, speech)


def measurement_in_words(measurement: Mapping[str, Any], speech: Speech = ENGLISH) -> str:
    """One measurement of a course on one line."""
    interval, headline = measurement["interval"], HEADLINE[measurement["class"]]
    kind = speech.say(headline)
    kind = kind[0].lower() + kind[1:]
    low, high = _ends(interval, speech)
    if measurement["level_fraction"]:
        level = fraction_in_words(measurement["level_fraction"], speech)
        return speech.say("{kind}: {level}, between {low} and {high}", kind=kind, level=level, low=low, high=high)
    if interval and interval[0]:
        return speech.say("{kind}, between {low} and {high}", kind=kind, low=low, high=high)
    return speech.say("{kind}, below {high}", kind=kind, high=high) if interval else kind


def change_in_words(change: Mapping[str, Any], speech: Speech = ENGLISH) -> str:
    """What happened between two samples, with open ends said as such."""
    low, high = (None if end is None else f"{abs(end):.1f}" for end in change["log_reduction"])
    days = speech.say("day {start} to {end}", start=f"{change['from_day']:g}", end=f"{change['to_day']:g}")
    if change["kind"] == "fall":
        return f"{days}: {_fell(low, high, speech)}"
    growth = change["doubling_days"]
    if change["kind"] == "rise":
        return f"{days}: {_rose(high, low, speech)}; {_doubling(growth, speech)}"
    open_ = speech.say("fall or rise not shown")
    if not growth:
        return f"{days}: {open_}"
    grown = speech.say("if it grew, {doubling}", doubling=_doubling(growth, speech))
    return f"{days}: {open_}; {grown}"


def _fell(least: str | None, most: str | None, speech: Speech) -> str:
    shown = {"low": speech.number(str(least)), "high": speech.number(str(most))}
    if most is None:
        return speech.say("fell by at least {low} powers of ten", **shown)
    return speech.say("fell by {low} to {high} powers of ten", **shown)


def _rose(least: str | None, most: str | None, speech: Speech) -> str:
    shown = {"low": speech.number(str(least)), "high": speech.number(str(most))}
    if most is None:
        return speech.say("rose by at least {low} powers of ten", **shown)
    return speech.say("rose by {low} to {high} powers of ten", **shown)


def _doubling(span: Sequence[float | None], speech: Speech) -> str:
    shortest, longest = (None if end is None else speech.number(f"{end:.1f}") for end in span)
    if not span[0]:
        if not longest:
            return speech.say("doubling time open")
        return speech.say("doubling in at most {longest} days", longest=longest)
    if longest is None:
        return speech.say("doubling in {shortest} days or more", shortest=shortest)
    return speech.say("doubling in {shortest} to {longest} days", shortest=shortest, longest=longest)
