"""What a record system sends: CDS Hooks 2.0, and what the ballot of 3.0 adds is let pass."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from reall.base.errors import UnusableCase

_FHIR_ID = r"^[A-Za-z0-9.-]{1,64}$"
_USER = r"^(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9.-]{1,64}$"

Id = Annotated[str, Field(pattern=_FHIR_ID)]


class _Strict(BaseModel):
    """Types are not converted; members not named in the specification (extensions, later versions) are let pass."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True, hide_input_in_errors=True)


class FhirAuthorization(_Strict):
    """The token by which the record system lets us read."""

    access_token: str = Field(min_length=1, repr=False)
    token_type: Literal["Bearer"]
    expires_in: int
    scope: str
    subject: str
    patient: Id | None = None


class Context(_Strict):
    """Who sees whom."""

    userId: str = Field(pattern=_USER)  # noqa: N815 - the names of the specification
    patientId: Id  # noqa: N815
    encounterId: Id | None = None  # noqa: N815


class OrderBundle(_Strict):
    """Orders that are not signed yet; their resources are read one by one later."""

    resourceType: Literal["Bundle"]  # noqa: N815
    entry: list[dict[str, Any]] = []


class OrderContext(Context):
    """Who is about to sign what for whom."""

    draftOrders: OrderBundle  # noqa: N815


class HookRequest(_Strict):
    """One call of a hook."""

    hook: str
    hookInstance: Annotated[UUID, Field(strict=False)]  # noqa: N815
    fhirServer: Annotated[str, Field(pattern=r"^https?://[^\s]+$")] | None = None  # noqa: N815
    fhirAuthorization: FhirAuthorization | None = None  # noqa: N815
    context: Context
    prefetch: dict[str, dict[str, Any] | None] | None = None

    @model_validator(mode="after")
    def _server_for_the_token(self) -> HookRequest:
        """Invariant cds-r-1 of the specification, and a token for one patient that is another's."""
        if self.fhirAuthorization is not None:
            if self.fhirServer is None:
                raise ValueError("fhirAuthorization needs fhirServer")
            if self.fhirAuthorization.patient not in (None, self.context.patientId):
                raise ValueError("fhirAuthorization is for another patient than the context")
        return self


class PatientView(HookRequest):
    """A call of `patient-view`."""

    hook: Literal["patient-view"]


class OrderSign(HookRequest):
    """A call of `order-sign`."""

    hook: Literal["order-sign"]
    context: OrderContext


class Coding(_Strict):
    """A code."""

    code: str
    system: str
    display: str | None = None


class OverrideReason(_Strict):
    """Why a card was dismissed. The comment is free text: it is let in, and neither kept nor logged."""

    reason: Coding | None = None
    userComment: str | None = Field(default=None, repr=False)  # noqa: N815

    @model_validator(mode="after")
    def _says_something(self) -> OverrideReason:
        if self.reason is None and self.userComment is None:
            raise ValueError("an overrideReason needs a reason or a userComment")
        return self


class AcceptedSuggestion(_Strict):
    """A suggestion that was taken. We make none, so none of its ids is ours."""

    id: Annotated[UUID, Field(strict=False)]


class Feedback(_Strict):
    """What somebody did with one card."""

    card: Annotated[UUID, Field(strict=False)]
    outcome: Literal["accepted", "overridden"]
    acceptedSuggestions: list[AcceptedSuggestion] | None = None  # noqa: N815
    overrideReason: OverrideReason | None = None  # noqa: N815
    outcomeTimestamp: Annotated[AwareDatetime, Field(strict=False)]  # noqa: N815

    @model_validator(mode="after")
    def _accepts_something(self) -> Feedback:
        """Invariant cds-fb-2 of the specification."""
        if self.outcome == "accepted" and not self.acceptedSuggestions:
            raise ValueError("an accepted card needs acceptedSuggestions")
        return self


class FeedbackRequest(_Strict):
    """A call of a feedback address."""

    feedback: list[Feedback]


def refusal_of(error: ValidationError) -> UnusableCase:
    """Say where a request departs from the specification, without quoting it: it may hold a patient's values."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    kind = first["type"]
    where = ".".join(str(part) for part in first["loc"] if part in _NAMES or isinstance(part, int))
    if kind == "missing":
        what = "a required member is missing"
    elif kind == "value_error":
        what = str(first["msg"]).removeprefix("Value error, ")
    else:
        what = "a member has another form than the specification gives it"
    return UnusableCase(what, where=where or "the request", next="See the hook's definition in CDS Hooks 2.0.")


_MODELS = (
    HookRequest, OrderSign, Context, OrderContext, OrderBundle, FhirAuthorization, FeedbackRequest, Feedback,
    OverrideReason, Coding, AcceptedSuggestion,
)  # fmt: skip
_NAMES = {name for model in _MODELS for name in model.model_fields}
