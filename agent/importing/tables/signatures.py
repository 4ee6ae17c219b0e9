"""Files that are no table, by how they begin: name for people, and what to do instead."""

import re
from dataclasses import dataclass

AS_CSV = "export the tasks as CSV and import that"
UNPACK = "unpack it and import the table in it"


@dataclass(frozen=True, slots=True)
class BinaryKind:
    """Kind of file with fixed bytes at a fixed place."""

    mark: bytes
    """Bytes at `offset`."""
    name: str
    """Name with its article."""
    remedy: str
    """Next step, as the end of a sentence."""
    offset: int = 0
    """Bytes before the mark."""


@dataclass(frozen=True, slots=True)
class TextKind:
    """Kind of text with a beginning of its own."""

    pattern: re.Pattern[str]
    """Matches the beginning of the text, without a mark and white space."""
    name: str
    """Name with its article."""
    remedy: str
    """Next step, as the end of a sentence."""
    holds: re.Pattern[str] | None = None
    """Found within the first thousands of characters; None: anything goes."""


BINARY_KINDS = (
    BinaryKind(b"%PDF-", "a PDF document", AS_CSV),
    BinaryKind(b"\x89PNG", "a picture (PNG)", AS_CSV),
    BinaryKind(b"\xff\xd8\xff", "a picture (JPEG)", AS_CSV),
    BinaryKind(b"GIF87a", "a picture (GIF)", AS_CSV),
    BinaryKind(b"GIF89a", "a picture (GIF)", AS_CSV),
    BinaryKind(b"WEBPVP8", "a picture (WebP)", AS_CSV, offset=8),
    BinaryKind(b"II*\0", "a picture (TIFF)", AS_CSV),
    BinaryKind(b"MM\0*", "a picture (TIFF)", AS_CSV),
    BinaryKind(b"\0\0\x01\0", "a picture (icon)", AS_CSV),
    BinaryKind(b"ftyphei", "a picture (HEIC)", AS_CSV, offset=4),
    BinaryKind(b"ftypiso", "a film (MP4)", AS_CSV, offset=4),
    BinaryKind(b"ftypmp4", "a film (MP4)", AS_CSV, offset=4),
    BinaryKind(b"\x1f\x8b", "a compressed file (gzip)", UNPACK + ": gunzip FILE"),
    BinaryKind(b"1AY&SY", "a compressed file (bzip2)", UNPACK + ": bunzip2 FILE", offset=4),
    BinaryKind(b"\xfd7zXZ\0", "a compressed file (xz)", UNPACK + ": unxz FILE"),
    BinaryKind(b"\x28\xb5\x2f\xfd", "a compressed file (zstd)", UNPACK + ": unzstd FILE"),
    BinaryKind(b"7z\xbc\xaf\x27\x1c", "an archive (7z)", UNPACK),
    BinaryKind(b"Rar!\x1a", "an archive (RAR)", UNPACK),
    BinaryKind(b"ustar\0", "an archive (tar)", UNPACK, offset=257),
    BinaryKind(b"ustar  ", "an archive (tar)", UNPACK, offset=257),
    BinaryKind(b"SQLite format 3\0", "a database (SQLite)", AS_CSV),
    BinaryKind(b"PAR1\x15", "a Parquet file", "save it as CSV and import that"),
    BinaryKind(b"\x7fELF", "a program", "name the export of the tracker"),
    BinaryKind(b"MZ\x90", "a program", "name the export of the tracker"),
    BinaryKind(
        b"\x09\x08",
        "an old workbook (.xls)",
        "save it as .xlsx or CSV in a spreadsheet program and import that",
    ),
    BinaryKind(b"{\\rtf", "a text document (RTF)", AS_CSV),
)

_LOGIN = re.compile(
    r"type\s*=\s*[\"']?password|log[ -]?in\b|sign[ -]?(?:in|on)\b|\bsso\b|saml|oauth|anmeld|"
    r"connexion|iniciar sesi|acceder|entrar|\u0432\u043e\u0439\u0442\u0438",
    re.IGNORECASE,
)
_WEB_PAGE = re.compile(
    r"(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*<(?:!doctype\s+html|(?:html|head|body|title|meta|script|"
    r"style|link|table|div|form|center|h1|p)\b)",
    re.IGNORECASE | re.DOTALL,
)
# Of other elements, two in a row: a title such as <All projects> may stand above a table.
_XML = re.compile(r"<(?:\?xml|!--|!doctype|[a-z_][^<>]*>\s*<)", re.IGNORECASE)

# The first that matches counts, so the more special kinds stand first.
TEXT_KINDS = (
    TextKind(
        re.compile(r"version https://git-lfs\.github\.com/spec/"),
        "a pointer of Git LFS, not the file itself",
        "fetch the file with git lfs pull and import it again",
    ),
    TextKind(
        _WEB_PAGE,
        "a web page, most likely the login page of the tracker",
        "log in and export again",
        holds=_LOGIN,
    ),
    TextKind(
        _WEB_PAGE,
        "a web page",
        "export as CSV instead; what Jira calls an Excel export is such a page, too",
    ),
    TextKind(
        _XML,
        "an XML export of Jira",
        "choose Export, then CSV (all fields), or read it with dsm import jira",
        holds=re.compile(r"jira", re.IGNORECASE),
    ),
    TextKind(
        _XML,
        "a spreadsheet in XML",
        "save it as .xlsx or CSV in a spreadsheet program and import that",
        holds=re.compile(r"urn:schemas-microsoft-com:office:spreadsheet|Excel\.Sheet|<office:doc"),
    ),
    TextKind(_XML, "a picture (SVG)", AS_CSV, holds=re.compile(r"<svg\b", re.IGNORECASE)),
    TextKind(_XML, "XML", AS_CSV),
    TextKind(
        re.compile(r"\{\s*(?:[\"}]|$)"),
        "JSON with an error of the tracker",
        "log in, or ask for the right to export, and export the tasks as CSV",
        holds=re.compile(r'\A\{\s*"(?:errorMessages?|errors?|message|status-code)"\s*:'),
    ),
    TextKind(
        re.compile(r"\{\s*(?:[\"}]|$)"),
        "JSON (an object)",
        "export as CSV instead, or read the tracker itself: dsm import jira, github or gitlab",
    ),
    TextKind(
        re.compile(r"\[\s*(?:[\[{\"\]\d-]|$)"),
        "JSON (an array)",
        "export as CSV instead, or read the tracker itself: dsm import jira, github or gitlab",
    ),
    TextKind(re.compile(r"BEGIN:VCALENDAR"), "a calendar", AS_CSV),
    TextKind(
        re.compile(r"HTTP/[\d.]+ \d{3}"),
        "the answer of a web server with its headers",
        "save its body alone and import that",
    ),
    TextKind(re.compile(r"MIME-Version: "), "a mail or web archive", AS_CSV),
)
