"""Sample roles: from names as laboratories write them, from --roles, from a table."""

import pytest

from reall.base.errors import WrongUsage
from reall.clones.model import Role, Sample
from reall.clones.roles import read_roles, restate, sample_from_name, with_roles

NAMES = [
    ("D", Role.DIAGNOSIS, 1, None),
    ("D2", Role.DIAGNOSIS, 2, None),
    ("Diagnosis", Role.DIAGNOSIS, 1, None),
    ("R1", Role.RELAPSE, 1, None),
    ("Relapse 2", Role.RELAPSE, 2, None),
    ("CR", Role.REMISSION, 1, None),
    ("Remission", Role.REMISSION, 1, None),
    ("Diagnosis Xeno 12 Spleen", Role.XENOGRAFT, 12, Role.DIAGNOSIS),
    ("Relapse Xeno 3", Role.XENOGRAFT, 3, Role.RELAPSE),
    ("Pre-Diagnosis Xeno", Role.XENOGRAFT, 1, Role.DIAGNOSIS),
    ("Sample 7", Role.OTHER, 7, None),
    ("germline", Role.OTHER, 1, None),
]


@pytest.mark.parametrize(("name", "role", "number", "grown_from"), NAMES)
def test_the_name_suggests_the_role(name, role, number, grown_from):
    sample = sample_from_name(name)
    assert (sample.role, sample.number, sample.grown_from) == (role, number, grown_from)


def test_roles_are_read_from_the_command_line_and_from_a_table(tmp_path):
    said = read_roles("A=diagnosis, B=relapse 2 day=420 purity=0.9, X=xenograft of relapse 3")
    assert said["B"] == Sample("B", Role.RELAPSE, 2, None, 420.0, 0.9)
    assert said["X"] == Sample("X", Role.XENOGRAFT, 3, Role.RELAPSE)
    table = tmp_path / "roles.csv"
    table.write_text("sample,role,number,grown_from,day,purity\nA,diagnosis,1,,0,\nB,relapse,2,,420,0.9\n")
    assert read_roles(str(table))["B"] == said["B"]


@pytest.mark.parametrize(
    "text", ["A", "A=", "A=king", "A=relapse 1 mood=bad", "A=relapse purity=1.5", "A=relapse day=soon"]
)
def test_a_role_that_cannot_be_read_is_wrong_usage(text):
    with pytest.raises(WrongUsage):
        read_roles(text)


def test_a_role_for_a_sample_that_is_not_there_is_wrong_usage():
    with pytest.raises(WrongUsage, match="has no sample 'C'"):
        with_roles(["A", "B"], {"C": Sample("C", Role.RELAPSE)})


def test_a_stated_role_keeps_the_purity_of_the_file():
    before = (Sample("A", Role.OTHER, purity=0.7),)
    assert restate(before, {"A": Sample("A", Role.DIAGNOSIS)}) == (Sample("A", Role.DIAGNOSIS, purity=0.7),)
