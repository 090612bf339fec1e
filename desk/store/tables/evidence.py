"""Evidence: the rows that say which files a claim has. The files themselves lie sealed in a folder."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from desk.domain.evidence import MOST_BYTES, MOST_PAGES, FileKind, Scan, Shows
from desk.store.columns import key, moment, octets, one_of, refers, whole, words


class EvidenceRow(SQLModel, table=True):
    """A file of a claim, added by an officer or, without `officer_id`, by the visitor.

    `file_id` is how the world names it, `size` its bytes.
    Sealed under the person's key: the file's name, the SHA-256 of the original and the salt of the commitment; so are the
    files, `{file_id}.original` and, for pictures, `{file_id}.view`.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        one_of("kind", FileKind),
        one_of("shows", Shows),
        one_of("scan", Scan),
        CheckConstraint(f"size BETWEEN 1 AND {MOST_BYTES}", name="size_bounded"),
        CheckConstraint("(kind = 'pdf') = (pages IS NOT NULL)", name="pages_of_pdf"),
        CheckConstraint("(kind = 'pdf') = (width IS NULL) AND (width IS NULL) = (height IS NULL)", name="sides_of_picture"),
        CheckConstraint(f"pages BETWEEN 1 AND {MOST_PAGES}", name="pages_bounded"),
        CheckConstraint("width > 0 AND height > 0", name="sides_sound"),
    )

    id: int = Field(sa_column=key())
    file_id: str = Field(sa_column=words(32, unique=True))
    claim_id: int = Field(sa_column=refers("claim.id", index=True))
    officer_id: int | None = Field(sa_column=refers("officer.id", optional=True))
    kind: str = Field(sa_column=words(8))
    shows: str = Field(sa_column=words(12))
    scan: str = Field(sa_column=words(12))
    size: int = Field(sa_column=whole())
    width: int | None = Field(sa_column=whole(optional=True))
    height: int | None = Field(sa_column=whole(optional=True))
    pages: int | None = Field(sa_column=whole(optional=True))
    sealed: bytes = Field(sa_column=octets())
    commitment: str = Field(sa_column=words(64))
    added_at: datetime = Field(sa_column=moment())
