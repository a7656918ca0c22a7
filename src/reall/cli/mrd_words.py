"""MRD results in a few plain lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_CLASS_IN_WORDS = {
    "negative": "negative",
    "positive_not_quantifiable": "positive, not quantifiable",
    "quantified": "quantified",
    "not_evaluable": "no call",
}


def level_in_words(result: Mapping[str, Any]) -> str:
    """Give level, interval, sensitivity, denominator and class; what is unknown is said to be unknown."""
    lines = [f"{result['method']}: {_CLASS_IN_WORDS[result['class']]}"]
    if result["target"]:
        lines.append(f"  target        {result['target']}")
    if result["timepoint"]:
        lines.append(f"  time point    {result['timepoint']}")
    level = result["level_fraction"]
    lines.append("  level         " + ("not given" if level is None else f"{level:.3g} of {result['denominator']}"))
    if result["interval"]:
        low, high = result["interval"]
        lines.append(f"  interval      {low:.3g} to {high:.3g} ({result['interval_meaning']})")
    sensitivity = result["sensitivity_fraction"]
    lines.append("  sensitivity   " + ("unknown" if sensitivity is None else f"{sensitivity:.3g}"))
    if result["cells"] is not None:
        lines.append(f"  counted       {result['cells']:,.0f} {result['denominator']}")
    if result["ruleset"]:
        lines.append(f"  rule set      {result['ruleset']} ({result['knowledge_status']})")
    return "\n".join(lines)


def findings_in_words(result: Mapping[str, Any]) -> list[str]:
    """Give one line per finding, with what to look at."""
    if not result["findings"]:
        return []
    lines = ["", "findings"]
    for finding in result["findings"]:
        look_at = f" {finding['look_at']}" if finding.get("look_at") else ""
        lines.append(f"  [{finding['severity']}] {finding['rule']}: {finding['text']}{look_at}")
    return lines
