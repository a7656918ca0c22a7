"""The resistance knowledge keeps its schema and sources; variants match it by gene, effect, hot spot and position."""

import shutil
from dataclasses import fields, replace

import pytest
from clones_made_story import example_story

from reall.base.errors import InvalidKnowledge
from reall.clones.calling import CallingRule
from reall.clones.model import Variant
from reall.clones.resistance import convergent_genes, find_resistance, name_genes
from reall.library.files import PACKAGED
from reall.library.resistance import check_clonal_knowledge, load_clonal_biology, load_resistance

NAMED_IN_THE_BRIEF = {
    *("NT5C2", "CREBBP", "NR3C1", "TP53", "PRPS1", "PRPS2", "MSH2", "MSH6"),
    *("PMS2", "NSD2", "KRAS", "NRAS", "FLT3", "IKZF1", "CDKN2A", "FPGS"),
}


def test_every_gene_asked_for_has_a_row_and_a_position():
    knowledge = load_resistance()
    assert {row.gene for row in knowledge.rows} >= NAMED_IN_THE_BRIEF
    assert {place.gene for place in knowledge.positions} >= NAMED_IN_THE_BRIEF


def test_every_row_names_a_source_of_the_bibliography():
    definitions = len(fields(CallingRule))
    assert check_clonal_knowledge() == len(load_resistance().rows) + len(load_clonal_biology()) + definitions


def test_the_origins_published_by_waanders_are_as_printed():
    """Blood Cancer Discov 2020, abstract: minor (50 %), major (27 %), multiclonal (18 %), 92 relapses."""
    facts = {fact.id: (fact.value, fact.n) for fact in load_clonal_biology()}
    assert facts["origin_minor"] == ("50 %", 92)
    assert facts["origin_major"] == ("27 %", 92)
    assert facts["origin_multiclonal"] == ("18 %", 92)


def test_what_rests_on_memory_is_a_draft():
    for row in load_resistance().rows:
        if "memory" in row.mechanism + row.evidence + row.note:
            assert row.status == "draft", row.id


# gene, effect, protein change, ids of the rows expected
MATCHES = [
    ("NT5C2", "missense_variant", "p.Arg367Gln", {"nt5c2_gain", "nt5c2_mechanism"}),
    ("NT5C2", None, None, {"nt5c2_gain", "nt5c2_mechanism"}),  # effect unknown: the match stands
    ("NT5C2", "synonymous_variant", None, set()),
    ("NT5C2", "Intron", None, set()),
    ("NT5C2", "intron_variant&missense_variant", None, {"nt5c2_gain", "nt5c2_mechanism"}),
    ("TP53", "Missense_Mutation", "p.R248Q", {"tp53_r248q", "tp53_allr3", "tp53_taiwan"}),
    ("TP53", "Missense_Mutation", "p.R175H", {"tp53_allr3", "tp53_taiwan"}),
    ("WHSC1", "missense_variant", "E1099K", {"nsd2_e1099k"}),  # the older name of NSD2
    ("NSD2", "missense_variant", "p.Glu1100Lys", set()),
    ("IKZF1", "deletion", None, {"ikzf1_glucocorticoid", "ikzf1_relapse"}),
    ("CDKN2A", "missense_variant", None, set()),  # only its deletion is in the table
    ("KRAS", "deletion", None, set()),  # an activating row is not matched by a loss
    ("ALB", "missense_variant", None, set()),
]


@pytest.mark.parametrize(("gene", "effect", "change", "expected"), MATCHES)
def test_a_variant_matches_by_gene_and_effect(gene, effect, change, expected):
    story = example_story()
    variant = replace(story.reads.variants[6], gene=gene, variant_class=effect, protein_change=change)
    variants = (*story.reads.variants[:6], variant, *story.reads.variants[7:])
    story = replace(story, reads=replace(story.reads, variants=variants))
    hits = find_resistance(story, load_resistance())
    mechanisms = {row.id: row for row in load_resistance().rows}
    assert {(hit.mechanism, hit.evidence) for hit in hits} == {
        (mechanisms[key].mechanism, mechanisms[key].evidence) for key in expected
    }
    assert all(hit.cluster == 3 and hit.first_seen == "R1" for hit in hits)


# Positions of the published patients, hg19, with the gene named in the notes on the data set.
POSITIONS = [
    ("10_104857106", "NT5C2"),
    ("16_3788617", "CREBBP"),
    ("1_115256528", "NRAS"),
    ("12_112888198", "PTPN11"),
    ("17_7577538", "TP53"),
    ("1_196196161", None),
    ("S_0", None),
]


@pytest.mark.parametrize(("name", "gene"), POSITIONS)
def test_a_position_names_the_gene(name, gene):
    (variant,), count = name_genes((Variant("s0", name),), load_resistance())
    assert variant.gene == gene
    assert count == (gene is not None)


def test_a_stated_gene_is_never_replaced():
    (variant,), count = name_genes((Variant("s0", "10_104857106", gene="CNNM2"),), load_resistance())
    assert (variant.gene, count) == ("CNNM2", 0)


def test_one_gene_in_two_clusters_is_convergent():
    story = example_story()
    hit = story.resistance[0]
    assert convergent_genes((hit, hit)) == ()
    assert convergent_genes((hit, replace(hit, cluster=5))) == ("NT5C2",)


@pytest.fixture
def knowledge(tmp_path):
    """A copy of the knowledge to damage."""
    for part in ("resistance", "clonal_biology", "clones", "sources", "schema"):
        shutil.copytree(PACKAGED / part, tmp_path / part)
    return tmp_path


DAMAGE = [
    ("resistance/antifolates.yaml", "gene: FPGS", "gene: FPGS\n    invented: yes", "invented"),
    ("resistance/antifolates.yaml", "id: fpgs_loss", "id: nt5c2_gain", "used twice"),
    ("resistance/antifolates.yaml", "source: yu_2020_fpgs", "source: nobody_1900", "nobody_1900"),
    ("resistance/several_drugs.yaml", "    hotspots: [R248Q]\n", "", "hotspots"),
    ("clones/calling.yaml", "source: house_rule", "source: nobody_1900", "nobody_1900"),
    ("clonal_biology/relapse.yaml", "kind: timing", "kind: rumour", "rumour"),
]


@pytest.mark.parametrize(("name", "good", "bad", "said"), DAMAGE)
def test_damaged_rows_are_invalid_knowledge(knowledge, name, good, bad, said):
    path = knowledge / name
    text = path.read_text(encoding="utf-8")
    assert good in text
    path.write_text(text.replace(good, bad, 1), encoding="utf-8")
    with pytest.raises(InvalidKnowledge, match=said):
        check_clonal_knowledge(knowledge)
