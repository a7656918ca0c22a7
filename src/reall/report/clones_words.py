"""A clonal story in plain lines: what a tumour board needs to hear, in the order it asks."""

from __future__ import annotations

from collections import Counter

from reall.base.written import percent
from reall.clones.calling import load_calling_rule
from reall.clones.model import Call, Finding, Origin, Role, Story
from reall.clones.resistance import convergent_genes
from reall.clones.signatures import SignatureFit

NOT_COVERED = (
    "Not covered by read counts: epigenetic change, gene expression, fusions and copy number of their own, and clones "
    "outside the sampled site."
)
PURPOSE = (
    "For research and education; not a medical device. "
    "A resistance gene is a published link, not a test of drug response."
)
_MARKERS_NAMED = 6
_NOTABLE = 0.05  # p-value of the likelihood ratio test
_LEAST_BOUND = 0.001  # smaller bounds are not told apart
_LIKELY = 0.005  # probability from which an answer is named


def story_lines(story: Story, name: str) -> list[str]:
    """Tell the story in about a dozen lines."""
    lines = [_what_was_read(story, name), _sight(story)]
    for origin in story.origins:
        lines += _origin(origin)
    if not story.origins:
        lines.append("Origin: not asked, as there is no pair of a diagnosis and a relapse sample.")
    lines += [_trees(story), _resistance(story), _markers(story)]
    lines += [f"{finding.severity.capitalize()}: {finding.text}" for finding in _findings(story)]
    return [*lines, NOT_COVERED, PURPOSE]


def one_line(story: Story, name: str) -> str:
    """Tell the origin of every relapse in one line, for a list of patients."""
    parts = []
    for origin in story.origins:
        best, share = max(origin.probabilities.items(), key=lambda pair: pair[1])
        undecided = origin.call is Call.UNDECIDED and best is not Call.UNDECIDED
        said = f"undecided ({best} {percent(share)})" if undecided else f"{origin.call} ({percent(share)})"
        parts.append(f"{origin.relapse}: {said}")
    return f"{name}: {len(story.clusters)} clusters; " + ("; ".join(parts) or "no pair of diagnosis and relapse")


def _what_was_read(story: Story, name: str) -> str:
    roles = Counter(sample.role for sample in story.reads.samples)
    named = []
    for role in (Role.DIAGNOSIS, Role.REMISSION, Role.RELAPSE, Role.OTHER):
        names = [sample.name for sample in story.reads.samples if sample.role is role]
        if names:
            named.append(f"{role} {', '.join(names)}")
    if roles[Role.XENOGRAFT]:
        named.append(f"{roles[Role.XENOGRAFT]} xenografts")
    how = "given" if story.clustering.given else "inferred"
    return (
        f"{name}: {len(story.reads.variants)} variants in {len(story.reads.samples)} samples ({'; '.join(named)}); "
        f"{len(story.clusters)} clusters, {how}; {len(story.clustering.garbage)} variants left out."
    )


def _sight(story: Story) -> str:
    parts = []
    for summary in story.samples:
        if summary.sample.from_patient:
            limit = summary.detection_limit_ccf
            seen = "nothing (no reads)" if limit is None else f"clones from {percent(limit)} of cells"
            parts.append(f"{summary.sample.name} shows {seen} (median depth {summary.median_depth:.0f})")
    text = "Sight (of one variant): " + "; ".join(parts) + "."
    wanted = load_calling_rule().smallest_clone_called
    blind = [
        summary.sample.name
        for summary in story.samples
        if summary.sample.role is Role.DIAGNOSIS
        and (summary.detection_limit_ccf is None or summary.detection_limit_ccf > wanted)
    ]
    if blind:
        text += f" Too few reads in {', '.join(blind)} to see a {percent(wanted)} clone by one variant"
        text += "; several variants together may show it."
    return text


def _origin(origin: Origin) -> list[str]:
    ordered = sorted(origin.probabilities.items(), key=lambda pair: -pair[1])
    shares = ", ".join(f"{call} {percent(share)}" for call, share in ordered if share >= _LIKELY)
    reason = f", as {origin.reason}" if origin.reason else ""
    lines = [f"Origin of {origin.relapse}: {origin.call}{reason}. Probabilities: {shares}.", _ancestor(origin)]
    fates: dict[str, list[str]] = {}
    for fate in origin.fates:
        fates.setdefault(fate.fate, []).append(str(fate.cluster))
    words = [
        f"{word} {', '.join(fates[word])}"
        for word in ("lost", "gained", "stayed", "absent", "undecided")
        if word in fates
    ]
    lines.append(f"From {origin.diagnosis} to {origin.relapse}, clusters: " + "; ".join(words) + ".")
    return lines


def _ancestor(origin: Origin) -> str:
    founders = ", ".join(str(cluster) for cluster in origin.founding_clusters) or "unknown"
    last = origin.last_ancestor
    if last is None or last.cluster == 0:
        text = f"No leukaemic ancestor of {origin.relapse} is seen at {origin.diagnosis}"
    else:
        span = f"{percent(last.ccf.low)} to {percent(last.ccf.high)}"
        text = (
            f"Last ancestor seen at {origin.diagnosis}: cluster {last.cluster}, in {percent(last.ccf.estimate)} of "
            f"cells (95 % interval {span}; probability {percent(last.probability)})"
        )
    hidden = [
        f"cluster {cluster} was below {percent(max(bound, _LEAST_BOUND))} of cells at {origin.diagnosis} (95 %)"
        for cluster, bound in origin.hidden_before.items()
    ]
    return f"{text}. Founded by cluster {founders}" + (f"; {'; '.join(hidden)}" if hidden else "") + "."


def _trees(story: Story) -> str:
    posterior = story.posterior
    best = posterior.trees[0]
    text = f"Trees: {posterior.method} posterior; the most probable tree holds {percent(best.probability)}"
    if best.probability < 0.5:  # noqa: PLR2004 (a tree that is more likely wrong than right)
        text += ", so that any single tree drawn would more likely be wrong than right"
    others = len(story.alternatives)
    return text + (f"; {others} other clustering{'s' * (others > 1)} weighed in." if others else ".")


def _resistance(story: Story) -> str:
    if not story.resistance:
        return "Resistance: no variant lies in a gene of the resistance table, as far as genes are known."
    parts = []
    for gene, cluster in dict.fromkeys((hit.gene, hit.cluster) for hit in story.resistance):
        hits = [hit for hit in story.resistance if (hit.gene, hit.cluster) == (gene, cluster)]
        drugs = list(dict.fromkeys(drug for hit in hits for drug in hit.drugs))
        sources = ", ".join(dict.fromkeys(hit.source for hit in hits))
        first = hits[0].first_seen
        seen = f", first seen {first}" if first else ""
        variants = len({hit.variant for hit in hits})
        many = f" ({variants} variants)" if variants > 1 else ""
        parts.append(
            f"{gene}{many} in cluster {cluster}{seen}: {', '.join(drugs) or 'no single drug named'} [{sources}]"
        )
    same = convergent_genes(story.resistance)
    text = "Resistance: " + "; ".join(parts) + "."
    return text + (f" {', '.join(same)} hit in several clusters: possible convergent evolution." if same else "")


def _markers(story: Story) -> str:
    if not story.trunk_markers:
        return "Markers to follow: none; no variant is sure to be in every leukaemic cell."
    names = [
        f"{marker.gene} ({marker.name})" if marker.gene else marker.name
        for marker in story.trunk_markers[:_MARKERS_NAMED]
    ]
    more = len(story.trunk_markers) - len(names)
    return (
        f"Markers to follow (trunk, in every leukaemic cell): {', '.join(names)}"
        + (f" and {more} more" if more > 0 else "")
        + ". Markers outside the trunk may be lost at relapse."
    )


def _findings(story: Story) -> list[Finding]:
    return list(dict.fromkeys((*story.reads.findings, *story.findings)))


def signature_line(name: str, fit: SignatureFit) -> str:
    """Say how large a share of a set of mutations a signature explains."""
    share = fit.share
    fine = fit.without < _NOTABLE and share.low > 0
    return (
        f"Signature {fit.signature} (thiopurines) in {name}: {percent(share.estimate)} of {fit.mutations} mutations "
        f"(95 % interval {percent(share.low)} to {percent(share.high)}); "
        + ("the counts ask for it." if fine else "the counts do not need it.")
    )
