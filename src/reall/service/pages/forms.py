"""Forms made from the vocabulary: one field per fact, in which "unknown" is always a choice and the default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reall.facts.vocabulary import NOT_STATED, Fact, Section, Vocabulary
from reall.report.words import answer_words

_FRACTION = "fraction of cells"
_SIDE_BY_SIDE = 24
"""Answers with up to this many letters together stand side by side; longer ones go into a list."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One answer that a field offers: as a case file writes it, and in words."""

    value: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field. `control` is buttons, list, number, date or names; `text` is what stands in it, empty = unknown.

    `odd` is a text that is none of the choices: it is offered too, so that nothing that was loaded gets lost.
    """

    name: str
    question: str
    control: str
    unit: str = ""
    choices: tuple[Choice, ...] = ()
    text: str = ""

    @property
    def odd(self) -> str:
        """The text, where it is none of the choices offered."""
        return self.text if self.choices and self.text not in {c.value for c in self.choices} else ""

    @property
    def fraction(self) -> bool:
        """Whether the field holds a fraction of cells, which is written as a power of ten."""
        return self.unit == _FRACTION


@dataclass(frozen=True, kw_only=True)
class FieldGroup:
    """A section of the form with its fields; `open` where something in it is filled in, or where it decides most."""

    id: str
    title: str
    fields: tuple[Field, ...]
    open: bool

    @property
    def filled(self) -> int:
        """How many of its fields are known."""
        return sum(bool(one.text) for one in self.fields)


def groups(vocabulary: Vocabulary, texts: Mapping[str, str]) -> list[FieldGroup]:
    """Give every field of the vocabulary once, in its sections, with the texts that stand in them."""
    named = {name for section in vocabulary.sections for name in section.names}
    others = [name for name in _offered(vocabulary) if name not in named and name not in vocabulary.derived]
    derived = [name for name in vocabulary.derived if name not in named]
    sections = [
        *vocabulary.sections,
        Section(id="others", title="Further facts", names=tuple(others)),
        Section(id="stated", title="Stated as final, in place of what definitions derive", names=tuple(derived)),
    ]
    return [_group(section, vocabulary, texts) for section in sections if section.names]


def _offered(vocabulary: Vocabulary) -> Iterable[str]:
    """Every name that has a field; the members of a group are facts, which have their own."""
    yield from vocabulary.statable
    yield from (name for name, entry in vocabulary.inputs.items() if entry.kind != "group")


def _group(section: Section, vocabulary: Vocabulary, texts: Mapping[str, str]) -> FieldGroup:
    fields = tuple(field_of(name, vocabulary, texts.get(name, "")) for name in section.names)
    return FieldGroup(
        id=section.id,
        title=section.title,
        fields=fields,
        open=section.open or any(one.text for one in fields),
    )


def field_of(name: str, vocabulary: Vocabulary, text: str = "") -> Field:
    """Give the field of a fact or an input."""
    fact = vocabulary.statable.get(name)
    if fact is None:
        entry = vocabulary.inputs[name]
        return Field(
            name=name, question=entry.question, control=_INPUT_CONTROLS[entry.kind], unit=entry.unit, text=text
        )
    choices = choices_of(fact)
    short = sum(len(choice.words) for choice in choices) <= _SIDE_BY_SIDE
    control = "number" if fact.numeric else "buttons" if short else "list"
    return Field(name=name, question=fact.question, control=control, unit=fact.unit, choices=choices, text=text)


_INPUT_CONTROLS = {"date": "date", "number": "number", "list": "names"}


def choices_of(fact: Fact) -> tuple[Choice, ...]:
    """Give the answers of a category or yes/no fact as a case file writes them; yes before no."""
    if fact.kind == "yes_no":
        return (Choice(value="yes", words="yes"), Choice(value="no", words="no"))
    answers = [str(answer) for answer in fact.answers if answer != NOT_STATED]
    return tuple(Choice(value=answer, words=answer_words(answer, fact)) for answer in answers)
