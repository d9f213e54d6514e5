"""What may Afakto's block in the YAML file hold?"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from duebridge.core.api import Settings
from duebridge.targets.afakto.columns import COLUMNS, File

Text = Annotated[str, Field(min_length=1)]
Secret = Annotated[SecretStr, Field(min_length=1)]
IdType = Literal["vat", "siret", "siren", "registry"]


def _without_trailing_slash(url: str) -> str:
    return url.rstrip("/")


BaseUrl = Annotated[str, Field(pattern=r"^https?://[^\s?#]+$"), AfterValidator(_without_trailing_slash)]


class Sftp(Settings):
    """An SFTP server and the folder there (`path`, which must exist) that Afakto collects files from.

    One of `key` (a private key's text, its `passphrase` if it has one) and `password`. The server proves who it is by
    `host_key` (type and key, as `ssh-keyscan` prints them) or by a line of the file `known_hosts`; one of them is
    needed.
    """

    host: Text
    port: Annotated[int, Field(ge=1, le=65535)] = 22
    user: Text
    path: Text = "."
    key: Secret | None = None
    passphrase: Secret | None = None
    password: Secret | None = None
    host_key: Annotated[str, Field(pattern=r"^\S+ \S+")] | None = None
    known_hosts: Text | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.key is None) == (self.password is None):
            raise ValueError("give one of key and password")
        if (self.host_key is None) == (self.known_hosts is None):
            raise ValueError(
                "give one of host_key and known_hosts, so that the files go to this server and no other; "
                "`ssh-keyscan HOST` prints its keys, to be compared with what the server's owner tells"
            )
        return self


class Literals(Settings):
    """The words Afakto has for types of document and number. Only `vat` is known from the vendor; the rest is guessed.

    An empty one leaves its column empty; for a type of number, the number too. `payment_method` goes into every
    invoice.
    """

    invoice: Text = "INVOICE"
    credit_note: Text = "CREDIT_NOTE"
    payment_method: str = ""
    vat: str = "VAT"
    siret: str = "SIRET"
    siren: str = "SIREN"
    registry: str = "REGISTRY"


class Withhold(Settings):
    """Nothing is delivered when invoices are fewer than last time by more than `share`, and by at least `min`."""

    share: Annotated[float, Field(ge=0, le=1)] = 0.3
    min: Annotated[int, Field(ge=1)] = 5


class AfaktoSettings(Settings):
    """One company at Afakto, and how its files get there: one of `directory`, `sftp` and `base_url`.

    `currency` is that of a buyer whose code has no suffix. `include_settled` adds the documents on which nothing is
    left, with balance 0. `identifiers` are the numbers a buyer may be known by, the preferred one first; without it
    `vat`, `siret`, `siren`, `registry`. `separator` ";" comes with decimal commas. `header` renames columns, as in
    `{invoices: {INV_DATE: ISSUE_DATE}}`, and `literals` words. `base_url`, `token` and `requests_per_minute` are for an
    address that takes rows as JSON; Afakto publishes none.
    """

    company_code: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$", max_length=50)]
    directory: Text | None = None
    sftp: Sftp | None = None
    base_url: BaseUrl | None = None
    token: Secret | None = None
    requests_per_minute: Annotated[int, Field(ge=1)] = 60
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    include_settled: bool = False
    identifiers: tuple[IdType, ...] = ("vat", "siret", "siren", "registry")
    separator: Literal[",", ";"] = ","
    header: dict[File, dict[str, Text]] = Field(default_factory=dict)
    literals: Literals = Literals()
    withhold: Withhold = Withhold()

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.directory, self.sftp, self.base_url)) != 1:
            raise ValueError("give one of directory, sftp and base_url: where the files go")
        if self.token is not None and self.base_url is None:
            raise ValueError("token goes with base_url")
        return self

    @model_validator(mode="after")
    def _known_columns(self) -> Self:
        for file, names in self.header.items():
            unknown = sorted(set(names) - set(COLUMNS[file]))
            if unknown:
                raise ValueError(f"header.{file} has no column {unknown[0]}; columns: {', '.join(COLUMNS[file])}")
            renamed = self.columns(file)
            if len(set(renamed)) < len(renamed):
                raise ValueError(f"header.{file} gives one name to two columns")
        return self

    def columns(self, file: File) -> tuple[str, ...]:
        """The header row of `file`."""
        names = self.header.get(file, {})
        return tuple(names.get(column, column) for column in COLUMNS[file])
