"""The forms of the laboratory pages, as data: what may be given to each operation, in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field

from reall.base.written import translatable as _

FILE, FILES, TEXT, NUMBER, NAMES, CHOICE, CHECK = "file", "files", "text", "number", "names", "choice", "check"


@dataclass(frozen=True, kw_only=True)
class Field:
    """One question of a form. `name` is the parameter of the operation; `choices` are value and words."""

    name: str
    words: str
    kind: str = TEXT
    help: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    accept: str = ""


@dataclass(frozen=True, kw_only=True)
class Form:
    """One page: what it does, its questions, and those that few need."""

    id: str
    title: str
    about: str
    fields: tuple[Field, ...]
    more: tuple[Field, ...] = field(default=())

    @property
    def every_field(self) -> tuple[Field, ...]:
        """All questions."""
        return (*self.fields, *self.more)


_NOT_CHOSEN = ("", _("not chosen"))
_SAMPLE = (
    Field(name="timepoint", words=_("Protocol time point"), kind=CHOICE, choices=(_NOT_CHOSEN,)),
    Field(name="tissue", words=_("Tissue"), help=_("marrow, blood, csf …")),
)
_DAY = Field(
    name="day",
    words=_("Day of the sample"),
    kind=NUMBER,
    help=_("counted from one day of your choice"),
)
_RULES = (
    Field(
        name="rules",
        words=_("Rule set"),
        kind=CHOICE,
        choices=(
            ("", _("none: no positive or negative call is made")),
            ("draft", _("draft: unconfirmed values, only for trying out")),
        ),
        help=_("without a rule set only what was measured is shown"),
    ),
    Field(name="rules_file", words=_("Rule set signed by your laboratory (YAML)"), kind=FILE, accept=".yaml,.yml"),
    Field(
        name="purpose",
        words=_("What the result decides"),
        kind=CHOICE,
        choices=(
            ("", _("not chosen: both readings are made")),
            ("therapy_reduction", _("therapy reduction (avoids false negatives)")),
            ("therapy_intensification", _("therapy intensification (avoids false positives)")),
        ),
    ),
)
_ONE_PER_LINE = _("one per line")
_EMPTY_ALL = _("one per line; empty: all")

RQPCR = Form(
    id="rqpcr",
    title=_("RQ-PCR plate"),
    about=_("Cq values of a plate become an MRD level with its interval, sensitivity and standard curve."),
    fields=(
        Field(
            name="file",
            words=_("Plate"),
            kind=FILE,
            accept=".rdml,.csv,.tsv,.txt,.xls,.xlsx",
            help=_("RDML, an export of StepOne, QuantStudio or LightCycler, or CSV"),
        ),
        Field(name="control_gene", words=_("Control gene that counts the cells"), help=_("for example ALB")),
        Field(name="samples", words=_("Follow-up samples"), kind=NAMES, help=_EMPTY_ALL),
        Field(name="targets", words=_("Targets"), kind=NAMES, help=_EMPTY_ALL),
        *_SAMPLE,
        _DAY,
        *_RULES,
    ),
    more=(
        Field(name="run", words=_("Run to read, where the file holds several")),
        Field(name="curve_dna", words=_("Sample whose control gene measures the DNA of the curve")),
        Field(name="curve_genomes", words=_("Genomes per curve well"), kind=NUMBER),
        Field(name="curve_ng", words=_("Nanograms of DNA per curve well"), kind=NUMBER),
        Field(
            name="background",
            words=_("Samples of polyclonal mononuclear DNA (background)"),
            kind=NAMES,
            help=_ONE_PER_LINE,
        ),
        Field(
            name="standards",
            words=_("Standards as NAME=FRACTION"),
            kind=NAMES,
            help=_("one per line, where the file has no quantities; for example dx 1e-3=0.001"),
        ),
        Field(
            name="curve_unit",
            words=_("Unit of the target's standards"),
            kind=CHOICE,
            choices=(
                _NOT_CHOSEN,
                ("fraction", _("fraction")),
                ("genomes", _("genomes")),
                ("copies", _("copies")),
                ("ng", "ng"),
            ),
        ),
        Field(
            name="control_unit",
            words=_("Unit of the control gene's standards"),
            kind=CHOICE,
            choices=(_NOT_CHOSEN, ("genomes", _("genomes")), ("copies", _("copies")), ("ng", "ng")),
        ),
        Field(name="pg_per_genome", words=_("Picograms per diploid genome"), kind=NUMBER),
        Field(
            name="cq",
            words=_("Cq values"),
            kind=CHOICE,
            choices=(
                ("instrument", _("as the instrument called them")),
                ("curves", _("read from the amplification curves")),
            ),
        ),
        Field(name="baseline", words=_("Cycles of the baseline"), help=_("for example 3-15")),
        Field(name="threshold", words=_("Fluorescence threshold"), kind=NUMBER),
    ),
)

DDPCR = Form(
    id="ddpcr",
    title=_("Droplet PCR"),
    about=_("Droplet counts become an MRD level; without target and reference, concentrations."),
    fields=(
        Field(
            name="file",
            words=_("Droplet counts"),
            kind=FILE,
            accept=".csv,.tsv,.txt",
            help=_("export of QX100 or QX200"),
        ),
        Field(name="target", words=_("Leukaemic target")),
        Field(name="reference", words=_("Reference gene that counts the cells")),
        Field(name="samples", words=_("Follow-up samples"), kind=NAMES, help=_EMPTY_ALL),
        *_SAMPLE,
        _DAY,
        *_RULES,
    ),
    more=(
        Field(
            name="background",
            words=_("Samples of polyclonal mononuclear DNA (background)"),
            kind=NAMES,
            help=_ONE_PER_LINE,
        ),
        Field(
            name="reference_dilution", words=_("Dilution of the reference wells"), kind=NUMBER, help=_("1 is undiluted")
        ),
        Field(name="droplet_volume_nl", words=_("Nanolitres per droplet"), kind=NUMBER),
    ),
)

NGS = Form(
    id="ngs",
    title=_("Sequencing of clonotypes"),
    about=_("Clonotypes over time: markers, spiked-in standards, and clones that grow unwatched."),
    fields=(
        Field(
            name="files",
            words=_("Clonotypes"),
            kind=FILES,
            accept=".vidjil,.json,.tsv,.csv,.txt",
            help=_(".vidjil, AIRR TSV, or a CSV by day; several files = one per time point"),
        ),
        Field(name="days", words=_("Days of the samples"), help=_("for example 0,48,90")),
        Field(name="track", words=_("Markers, by id or name"), kind=NAMES, help=_ONE_PER_LINE),
        Field(
            name="cells",
            words=_("Cell equivalents of DNA in the tube"),
            help=_("one number, or one per sample with commas"),
        ),
        *_SAMPLE,
        *_RULES,
    ),
    more=(
        Field(name="days_table", words=_("Table of days (CSV)"), kind=FILE, accept=".csv"),
        Field(name="standard", words=_("Spiked-in clonotypes, by id or name"), kind=NAMES, help=_ONE_PER_LINE),
        Field(name="dna_ng", words=_("Nanograms of DNA in the tube, instead of cells")),
        Field(
            name="analysis", words=_("Vidjil's analysis file with tags and groups"), kind=FILE, accept=".analysis,.json"
        ),
        Field(name="vidjil_compatible", words=_("Add Vidjil's normalised reads for comparison"), kind=CHECK),
    ),
)

FLOW = Form(
    id="flow",
    title=_("Flow cytometry"),
    about=_(
        "Events in the gates of your laboratory, or counts, become a level with its limits. No gate is drawn here."
    ),
    fields=(
        Field(name="file", words=_("Events (FCS)"), kind=FILE, accept=".fcs,.lmd"),
        Field(
            name="gates",
            words=_("Gates"),
            kind=FILE,
            accept=".yaml,.yml,.xml",
            help=_("reall.gates/1 as YAML, or Gating-ML 2.0"),
        ),
        Field(
            name="counts",
            words=_("Or counts instead of a file: leukaemic events,cells"),
            help=_("for example 25,1000000"),
        ),
        Field(
            name="cells_counted",
            words=_("What the cells of the counts are"),
            kind=CHOICE,
            choices=(_NOT_CHOSEN, ("nucleated", _("nucleated cells")), ("mononuclear", _("mononuclear cells"))),
        ),
        *_SAMPLE,
        _DAY,
        *_RULES,
    ),
    more=(
        Field(name="data_set", words=_("Which data set, when the file holds several"), kind=NUMBER),
        Field(
            name="trust_offsets",
            words=_("Which offsets to believe when they disagree"),
            kind=CHOICE,
            choices=(_NOT_CHOSEN, ("header", _("those of the header")), ("text", _("those of the text segment"))),
        ),
    ),
)

COURSE = Form(
    id="course",
    title=_("MRD over time"),
    about=_("Results of one patient side by side. Methods are never converted into each other."),
    fields=(
        Field(
            name="results",
            words=_("Results"),
            kind=FILES,
            accept=".json",
            help=_("files downloaded from these pages, or written with --json"),
        ),
        Field(
            name="days", words=_("Days, one for each file"), kind=NAMES, help=_("one per line; empty: as the files say")
        ),
        Field(name="markers", words=_("Markers at diagnosis and relapse (CSV)"), kind=FILE, accept=".csv"),
    ),
)

CLONES = Form(
    id="clones",
    title=_("Clonal story"),
    about=_("Read counts at diagnosis and relapse tell where the relapse came from. This can take minutes."),
    fields=(
        Field(
            name="file",
            words=_("Read counts of one patient"),
            kind=FILE,
            accept=".ssm,.vcf,.gz,.maf,.csv,.tsv,.txt",
            help=".ssm, VCF, MAF, CSV",
        ),
        Field(name="params", words=_("Params file of an .ssm"), kind=FILE, accept=".json"),
        Field(
            name="roles",
            words=_("Roles of the samples"),
            help=_("for example D=diagnosis, R1=relapse 1 day=420 purity=0.9"),
        ),
        Field(
            name="sex",
            words=_("Sex"),
            kind=CHOICE,
            help=_("sets the copies of X and Y"),
            choices=(("unknown", _("unknown")), ("female", _("female")), ("male", _("male"))),
        ),
    ),
    more=(
        Field(name="roles_table", words=_("Table of roles (CSV)"), kind=FILE, accept=".csv,.tsv"),
        Field(
            name="clusters",
            words=_("Clusters"),
            kind=CHOICE,
            choices=(
                ("auto", _("keep those of the params file where there are any")),
                ("given", _("keep those of the params file")),
                ("infer", _("infer them")),
            ),
        ),
        Field(
            name="format",
            words=_("Kind of the file"),
            kind=CHOICE,
            choices=(("auto", _("by its name")), ("ssm", ".ssm"), ("vcf", "VCF"), ("maf", "MAF"), ("csv", "CSV")),
        ),
        Field(
            name="genome",
            words=_("Genome on which variants without a gene are placed"),
            kind=CHOICE,
            choices=(("hg19", "hg19"), ("none", _("none: leave them unnamed"))),
        ),
        Field(name="seed", words=_("Seed: the same seed gives the same answer"), kind=NUMBER),
        Field(name="signatures", words=_("Reference signatures (96 rows)"), kind=FILE, accept=".csv,.tsv,.txt"),
        Field(name="contexts", words=_("Trinucleotide counts (96 rows)"), kind=FILE, accept=".csv,.tsv,.txt"),
    ),
)

FORMS = {form.id: form for form in (RQPCR, DDPCR, NGS, FLOW, COURSE, CLONES)}
