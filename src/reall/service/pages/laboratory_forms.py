"""The forms of the laboratory pages, as data: what may be given to each operation, in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field

from reall.base.written import translatable

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


_NOT_CHOSEN = ("", translatable("not chosen"))
_SAMPLE = (
    Field(name="timepoint", words=translatable("Protocol time point"), kind=CHOICE, choices=(_NOT_CHOSEN,)),
    Field(name="tissue", words=translatable("Tissue"), help=translatable("marrow, blood, csf …")),
)
_DAY = Field(
    name="day", words=translatable("Day of the sample"), kind=NUMBER,
    help=translatable("counted from one day of your choice"),
)  # fmt: skip
_RULES = (
    Field(
        name="rules", words=translatable("Rule set"), kind=CHOICE,
        choices=(
            ("", translatable("none: no positive or negative call is made")),
            ("draft", translatable("draft: unconfirmed values, only for trying out")),
        ),
        help=translatable("without a rule set only what was measured is shown"),
    ),
    Field(name="rules_file", words=translatable("Rule set signed by your laboratory (YAML)"), kind=FILE, accept=".yaml,.yml"),
    Field(
        name="purpose", words=translatable("What the result decides"), kind=CHOICE,
        choices=(
            ("", translatable("not chosen: both readings are made")),
            ("therapy_reduction", translatable("therapy reduction (avoids false negatives)")),
            ("therapy_intensification", translatable("therapy intensification (avoids false positives)")),
        ),
    ),
)  # fmt: skip
_ONE_PER_LINE = translatable("one per line")
_EMPTY_ALL = translatable("one per line; empty: all")

RQPCR = Form(
    id="rqpcr",
    title=translatable("RQ-PCR plate"),
    about=translatable("Cq values of a plate become an MRD level with its interval, sensitivity and standard curve."),
    fields=(
        Field(name="file", words=translatable("Plate"), kind=FILE, accept=".rdml,.csv,.tsv,.txt,.xls,.xlsx",
              help=translatable("RDML, an export of StepOne, QuantStudio or LightCycler, or CSV")),
        Field(name="control_gene", words=translatable("Control gene that counts the cells"), help=translatable("for example ALB")),
        Field(name="samples", words=translatable("Follow-up samples"), kind=NAMES, help=_EMPTY_ALL),
        Field(name="targets", words=translatable("Targets"), kind=NAMES, help=_EMPTY_ALL),
        *_SAMPLE, _DAY, *_RULES,
    ),
    more=(
        Field(name="run", words=translatable("Run to read, where the file holds several")),
        Field(name="curve_dna", words=translatable("Sample whose control gene measures the DNA of the curve")),
        Field(name="curve_genomes", words=translatable("Genomes per curve well"), kind=NUMBER),
        Field(name="curve_ng", words=translatable("Nanograms of DNA per curve well"), kind=NUMBER),
        Field(name="background", words=translatable("Samples of polyclonal mononuclear DNA (background)"), kind=NAMES, help=_ONE_PER_LINE),
        Field(name="standards", words=translatable("Standards as NAME=FRACTION"), kind=NAMES,
              help=translatable("one per line, where the file has no quantities; for example dx 1e-3=0.001")),
        Field(name="curve_unit", words=translatable("Unit of the target's standards"), kind=CHOICE,
              choices=(_NOT_CHOSEN, ("fraction", translatable("fraction")), ("genomes", translatable("genomes")),
                       ("copies", translatable("copies")), ("ng", "ng"))),
        Field(name="control_unit", words=translatable("Unit of the control gene's standards"), kind=CHOICE,
              choices=(_NOT_CHOSEN, ("genomes", translatable("genomes")), ("copies", translatable("copies")), ("ng", "ng"))),
        Field(name="pg_per_genome", words=translatable("Picograms per diploid genome"), kind=NUMBER),
        Field(name="cq", words=translatable("Cq values"), kind=CHOICE,
              choices=(("instrument", translatable("as the instrument called them")),
                       ("curves", translatable("read from the amplification curves")))),
        Field(name="baseline", words=translatable("Cycles of the baseline"), help=translatable("for example 3-15")),
        Field(name="threshold", words=translatable("Fluorescence threshold"), kind=NUMBER),
    ),
)  # fmt: skip

DDPCR = Form(
    id="ddpcr",
    title=translatable("Droplet PCR"),
    about=translatable("Droplet counts become an MRD level; without target and reference, concentrations."),
    fields=(
        Field(name="file", words=translatable("Droplet counts"), kind=FILE, accept=".csv,.tsv,.txt", help=translatable("export of QX100 or QX200")),
        Field(name="target", words=translatable("Leukaemic target")),
        Field(name="reference", words=translatable("Reference gene that counts the cells")),
        Field(name="samples", words=translatable("Follow-up samples"), kind=NAMES, help=_EMPTY_ALL),
        *_SAMPLE, _DAY, *_RULES,
    ),
    more=(
        Field(name="background", words=translatable("Samples of polyclonal mononuclear DNA (background)"), kind=NAMES, help=_ONE_PER_LINE),
        Field(name="reference_dilution", words=translatable("Dilution of the reference wells"), kind=NUMBER, help=translatable("1 is undiluted")),
        Field(name="droplet_volume_nl", words=translatable("Nanolitres per droplet"), kind=NUMBER),
    ),
)  # fmt: skip

NGS = Form(
    id="ngs",
    title=translatable("Sequencing of clonotypes"),
    about=translatable("Clonotypes over time: markers, spiked-in standards, and clones that grow unwatched."),
    fields=(
        Field(name="files", words=translatable("Clonotypes"), kind=FILES, accept=".vidjil,.json,.tsv,.csv,.txt",
              help=translatable(".vidjil, AIRR TSV, or a CSV by day; several files = one per time point")),
        Field(name="days", words=translatable("Days of the samples"), help=translatable("for example 0,48,90")),
        Field(name="track", words=translatable("Markers, by id or name"), kind=NAMES, help=_ONE_PER_LINE),
        Field(name="cells", words=translatable("Cell equivalents of DNA in the tube"), help=translatable("one number, or one per sample with commas")),
        *_SAMPLE, *_RULES,
    ),
    more=(
        Field(name="days_table", words=translatable("Table of days (CSV)"), kind=FILE, accept=".csv"),
        Field(name="standard", words=translatable("Spiked-in clonotypes, by id or name"), kind=NAMES, help=_ONE_PER_LINE),
        Field(name="dna_ng", words=translatable("Nanograms of DNA in the tube, instead of cells")),
        Field(name="analysis", words=translatable("Vidjil's analysis file with tags and groups"), kind=FILE, accept=".analysis,.json"),
        Field(name="vidjil_compatible", words=translatable("Add Vidjil's normalised reads for comparison"), kind=CHECK),
    ),
)  # fmt: skip

FLOW = Form(
    id="flow",
    title=translatable("Flow cytometry"),
    about=translatable("Events in the gates of your laboratory, or counts, become a level with its limits. No gate is drawn here."),
    fields=(
        Field(name="file", words=translatable("Events (FCS)"), kind=FILE, accept=".fcs,.lmd"),
        Field(name="gates", words=translatable("Gates"), kind=FILE, accept=".yaml,.yml,.xml", help=translatable("reall.gates/1 as YAML, or Gating-ML 2.0")),
        Field(name="counts", words=translatable("Or counts instead of a file: leukaemic events,cells"), help=translatable("for example 25,1000000")),
        Field(name="cells_counted", words=translatable("What the cells of the counts are"), kind=CHOICE,
              choices=(_NOT_CHOSEN, ("nucleated", translatable("nucleated cells")), ("mononuclear", translatable("mononuclear cells")))),
        *_SAMPLE, _DAY, *_RULES,
    ),
    more=(
        Field(name="data_set", words=translatable("Which data set, when the file holds several"), kind=NUMBER),
        Field(name="trust_offsets", words=translatable("Which offsets to believe when they disagree"), kind=CHOICE,
              choices=(_NOT_CHOSEN, ("header", translatable("those of the header")), ("text", translatable("those of the text segment")))),
    ),
)  # fmt: skip

COURSE = Form(
    id="course",
    title=translatable("MRD over time"),
    about=translatable("Results of one patient side by side. Methods are never converted into each other."),
    fields=(
        Field(name="results", words=translatable("Results"), kind=FILES, accept=".json", help=translatable("files downloaded from these pages, or written with --json")),
        Field(name="days", words=translatable("Days, one for each file"), kind=NAMES, help=translatable("one per line; empty: as the files say")),
        Field(name="markers", words=translatable("Markers at diagnosis and relapse (CSV)"), kind=FILE, accept=".csv"),
    ),
)  # fmt: skip

CLONES = Form(
    id="clones",
    title=translatable("Clonal story"),
    about=translatable("Read counts at diagnosis and relapse tell where the relapse came from. This can take minutes."),
    fields=(
        Field(name="file", words=translatable("Read counts of one patient"), kind=FILE, accept=".ssm,.vcf,.gz,.maf,.csv,.tsv,.txt", help=".ssm, VCF, MAF, CSV"),
        Field(name="params", words=translatable("Params file of an .ssm"), kind=FILE, accept=".json"),
        Field(name="roles", words=translatable("Roles of the samples"), help=translatable("for example D=diagnosis, R1=relapse 1 day=420 purity=0.9")),
        Field(name="sex", words=translatable("Sex"), kind=CHOICE, help=translatable("sets the copies of X and Y"),
              choices=(("unknown", translatable("unknown")), ("female", translatable("female")), ("male", translatable("male")))),
    ),
    more=(
        Field(name="roles_table", words=translatable("Table of roles (CSV)"), kind=FILE, accept=".csv,.tsv"),
        Field(name="clusters", words=translatable("Clusters"), kind=CHOICE,
              choices=(("auto", translatable("keep those of the params file where there are any")),
                       ("given", translatable("keep those of the params file")), ("infer", translatable("infer them")))),
        Field(name="format", words=translatable("Kind of the file"), kind=CHOICE,
              choices=(("auto", translatable("by its name")), ("ssm", ".ssm"), ("vcf", "VCF"), ("maf", "MAF"), ("csv", "CSV"))),
        Field(name="genome", words=translatable("Genome on which variants without a gene are placed"), kind=CHOICE,
              choices=(("hg19", "hg19"), ("none", translatable("none: leave them unnamed")))),
        Field(name="seed", words=translatable("Seed: the same seed gives the same answer"), kind=NUMBER),
        Field(name="signatures", words=translatable("Reference signatures (96 rows)"), kind=FILE, accept=".csv,.tsv,.txt"),
        Field(name="contexts", words=translatable("Trinucleotide counts (96 rows)"), kind=FILE, accept=".csv,.tsv,.txt"),
    ),
)  # fmt: skip

FORMS = {form.id: form for form in (RQPCR, DDPCR, NGS, FLOW, COURSE, CLONES)}
