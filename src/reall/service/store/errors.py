"""What can go wrong with the store, in words; no message quotes a stored value or a password."""

from __future__ import annotations

from reall.base.errors import ExitCode, ReallError


class StoreError(ReallError):
    """The base of the store's own errors."""

    code = "reall/store"


class NotInStore(StoreError):
    """There is no such case, version, assessment or decision."""

    code = "reall/not-in-store"


class SavedMeanwhile(StoreError):
    """Somebody else saved a newer version since this one was read; nothing was written."""

    code = "reall/saved-meanwhile"


class NotKeepable(StoreError):
    """What was handed over cannot be kept as it stands; nothing was written."""

    code = "reall/not-keepable"


class StoreFull(StoreError):
    """There is no room left; nothing of the record was written."""

    code = "reall/store-full"


class StoreUnwritable(StoreError):
    """The store may not be written: permissions, a read-only disk or a read-only role."""

    code = "reall/store-unwritable"


class StoreBusy(StoreError):
    """Another program held the store for too long; nothing was written, trying again is safe."""

    code = "reall/store-busy"


class StoreUnreachable(StoreError):
    """The store or its server cannot be opened."""

    code = "reall/store-unreachable"


class StoreVersion(StoreError):
    """The store's tables belong to another version of the program."""

    code = "reall/store-version"


class StoreDamaged(StoreError):
    """The store, its log or a backup of it is not what was written."""

    exit_code = ExitCode.UNUSABLE_CASE
    code = "reall/store-damaged"
