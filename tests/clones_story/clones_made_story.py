"""A small story with round numbers, made by hand, for everything that shows a story.

Trunk 1 in all cells; 2 a minor subclone at diagnosis (8 %) from which the relapse 3 came; 4 lost; 5 gained
late.
"""

from __future__ import annotations

import numpy as np

from reall.clones.model import (
    Ancestor,
    Call,
    CellFraction,
    Cluster,
    Clustering,
    Fate,
    Origin,
    Reads,
    ResistanceHit,
    Role,
    Sample,
    SampleSummary,
    Settings,
    Sighting,
    Story,
    Tree,
    TreePosterior,
    TrunkMarker,
    Variant,
)

SAMPLES = (
    Sample("D", Role.DIAGNOSIS),
    Sample("R1", Role.RELAPSE),
    Sample("Relapse Xeno 1", Role.XENOGRAFT, grown_from=Role.RELAPSE),
)
FRACTIONS = np.array([[0.96, 0.95, 0.97], [0.08, 0.94, 0.97], [0.0, 0.92, 0.97], [0.45, 0.0, 0.0], [0.0, 0.30, 0.0]])
PARENTS = (0, 1, 2, 1, 3)
PER_CLUSTER = 3


def example_story(*, remission: bool = False) -> Story:
    """Build the story; with `remission` a sequenced remission lies between diagnosis and relapse."""
    samples = list(SAMPLES)
    fractions = FRACTIONS
    if remission:
        samples.insert(1, Sample("CR", Role.REMISSION))
        fractions = np.insert(FRACTIONS, 1, [0.02, 0.01, 0.0, 0.0, 0.0], axis=1)
    names = [sample.name for sample in samples]
    ids = [f"s{m}" for m in range(PER_CLUSTER * len(PARENTS))]
    per_variant = np.repeat(fractions, PER_CLUSTER, axis=0)
    total = np.full(per_variant.shape, 400)
    total[2, 0] = 0  # one position not read at diagnosis
    variant = np.rint(total * per_variant / 2).astype(np.int64)
    variants = tuple(Variant(key, f"10_{104857106 + at}") for at, key in enumerate(ids))
    reads = Reads(tuple(samples), variants, variant, total, np.full(per_variant.shape, 0.5), source="made.ssm")
    clusters = tuple(
        Cluster(
            k + 1,
            tuple(ids[PER_CLUSTER * k : PER_CLUSTER * (k + 1)]),
            {
                name: CellFraction(float(f), float(max(0, f - 0.03)), float(min(1, f + 0.03)))
                for name, f in zip(names, fractions[k], strict=True)
            },
        )
        for k in range(len(PARENTS))
    )
    other = (0, 1, 2, 1, 2)
    trees = (Tree(PARENTS, 0.7, -100.0, fractions), Tree(other, 0.3, -101.0, fractions))
    ancestry = np.zeros((6, 6))
    origin = Origin(
        relapse="R1",
        diagnosis="D",
        call=Call.MINOR,
        probabilities={
            Call.MAJOR: 0.02,
            Call.MINOR: 0.93,
            Call.BELOW_DETECTION: 0.03,
            Call.NO_SHARED_ANCESTOR: 0.0,
            Call.SEVERAL: 0.02,
        },
        last_ancestor=Ancestor(2, CellFraction(0.08, 0.05, 0.11), 0.95),
        other_ancestors=(),
        founding_clusters=(3,),
        hidden_before={3: 0.004},
        fates=(
            Fate(1, "stayed", 1.0),
            Fate(2, "stayed", 1.0),
            Fate(3, "gained", 0.98),
            Fate(4, "lost", 0.99),
            Fate(5, "gained", 0.97),
        ),
    )
    return Story(
        reads=reads,
        settings=Settings(),
        samples=tuple(SampleSummary(sample, 400.0, 0.012) for sample in samples),
        clustering=Clustering(tuple(tuple(range(3 * k, 3 * k + 3)) for k in range(5))),
        clusters=clusters,
        posterior=TreePosterior(trees, "exact", ancestry, {"trees": 2.0}),
        origins=(origin,),
        sightings=tuple(Sighting(k, "D" if k in {1, 2, 4} else "R1", "R1", ("R1",)) for k in range(1, 6)),
        trunk_markers=tuple(TrunkMarker(key, f"10_{at}", None, 1, 0.99) for at, key in enumerate(ids[:3])),
        resistance=(
            ResistanceHit(
                "NT5C2", "s6", 3, ("mercaptopurine",), "nucleotidase", "75 of 455", "barz_2020_subclonal_nt5c2",
                "abstract", "transcribed", "R1",
            ),
        ),
    )  # fmt: skip
