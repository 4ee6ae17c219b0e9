"""Find the encoding of a text, and check that the whole text is of it."""

import codecs
from dataclasses import dataclass, replace

from agent.importing.errors import CsvRefused
from agent.importing.notices import Notice
from agent.importing.tables.code_pages import Guess, guess_encoding
from agent.importing.tables.source import Source

_CHUNK_BYTES = 1 << 20
_SAMPLE_BYTES = 1 << 16
# Single NUL bytes are damage, not the halves of wide characters.
_FEWEST_WIDE = 4
# One line is held in memory: 32 cells of the longest kind.
MAX_LINE_BYTES = 1 << 25
_MARKS = (
    # UTF-32 first: its mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """Encoding of a text."""

    codec: str
    """Codec that reads the text without its byte order mark."""
    name: str
    """Name for people."""
    ends_within: bool = False
    """True when the text ends within a character."""
    notice: Notice | None = None
    """Sentence about a guess; None when there was none."""


@dataclass(frozen=True, slots=True)
class Fault:
    """First place of a text that its encoding does not explain."""

    offset: int
    """Bytes before it."""
    line: int
    """Line that holds it, from 1."""
    reason: str
    """End of a sentence about the text."""
    at_end: bool = False
    """True when the text ends within a character, and nothing else is wrong."""


def detect_encoding(source: Source, codec: str | None = None) -> Encoding:
    """Find the encoding of a text, or take the one of a codec that a person named.

    A text that is neither marked nor UTF-8 is guessed by its letters, and a notice says so.
    Raises: `CsvRefused`, with the byte offset, when the text is not of the encoding.
    """
    with source.open() as stream:
        head = stream.read(_SAMPLE_BYTES)
    encoding = _named(codec) if codec else mark_of(head) or Encoding("utf-8", "UTF-8")
    fault = find_fault(source, encoding)
    if fault and not fault.at_end and codec is None and encoding.codec == "utf-8":
        guess = guess_encoding(source)
        if guess:
            encoding = Encoding(guess.codec, f"{guess.name} (guessed)", notice=_notice(guess))
            fault = find_fault(source, encoding)
    if fault is None:
        return encoding
    if fault.at_end:
        return replace(encoding, ends_within=True)
    raise CsvRefused(
        f"{source.name} {fault.reason} at offset {fault.offset}, line {fault.line}. "
        "Save it as text in UTF-8 and import it again, or name its encoding with --encoding.",
        offset=fault.offset,
    )


def _named(codec: str) -> Encoding:
    try:
        # Also refused when it turns bytes into bytes, such as zip.
        b"a".decode(codec, "ignore")
        name = codecs.lookup(codec).name
        codecs.getincrementaldecoder(name)
    except (LookupError, ValueError) as error:
        raise CsvRefused(
            f"--encoding {codec} is not known; name one such as utf-8, cp1252 or cp1250."
        ) from error
    return Encoding("utf-8-sig" if name == "utf-8" else name, name.upper())


def _notice(guess: Guess) -> Notice:
    example = f", such as {guess.example!r}" if guess.example else ""
    text = f"The text is not UTF-8. It is read as {guess.name}: {guess.reason}{example}. "
    if guess.others:
        text += f"Other letters fit nearly as well: {', '.join(guess.others)}. "
    text += "If names and titles are wrong, export in UTF-8 or name the encoding with --encoding."
    return Notice(text, "warning" if guess.others else "note")


def mark_of(head: bytes) -> Encoding | None:
    """Return the encoding that the first bytes tell by a mark or by wide characters; or None."""
    for mark, codec, name in _MARKS:
        if head.startswith(mark):
            return Encoding(codec, name)
    return _unmarked_wide(head)


def find_fault(source: Source, encoding: Encoding) -> Fault | None:
    """Read the whole text; return its first fault, None without one.

    Raises: `CsvRefused` when a line is longer than `MAX_LINE_BYTES`.
    """
    decoder = codecs.getincrementaldecoder(encoding.codec)()
    offset, line, line_bytes, mark_bytes, plain = 0, 1, 0, 0, encoding.codec
    with source.open() as stream:
        while True:
            chunk = stream.read(_CHUNK_BYTES)
            if offset == 0:
                plain, mark_bytes = (
                    _plain(encoding.codec, chunk),
                    _mark_bytes(encoding.codec, chunk),
                )
            pending = _pending(decoder)
            try:
                text = decoder.decode(chunk, final=not chunk)
                bad = None
            except UnicodeDecodeError as error:
                bad = error
                text = error.object[: error.start].decode(plain, "ignore")
            except UnicodeError as error:  # without a place, such as a missing mark
                return Fault(0, 1, f"is not {encoding.name} ({error})")
            position = text.find("\0")
            if position >= 0:
                before = text[:position]
                width = len(before.encode(plain)) + (mark_bytes if offset == 0 else 0)
                reason = "holds a NUL byte" if encoding.name == "UTF-8" else "holds a NUL character"
                return Fault(offset - pending + width, line + _breaks(before), reason)
            if bad:
                byte = bad.object[bad.start]
                return Fault(
                    # Some decoders leave the byte order mark out of what they name.
                    offset + len(chunk) - len(bad.object) + bad.start,
                    line + _breaks(text),
                    f"is not {encoding.name} (byte 0x{byte:02x})",
                    at_end=not chunk,
                )
            if not chunk:
                return None
            offset += len(chunk)
            line += _breaks(text)
            line_bytes = _longest_line(chunk, line_bytes, source.name, line)


def _unmarked_wide(head: bytes) -> Encoding | None:
    """Return UTF-16 without a mark: NUL bytes stand on one side of many pairs, not on both."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    many, few = max(even, odd), min(even, odd)
    if many < _FEWEST_WIDE or many * 8 < len(head) or few * 20 > many:
        return None
    codec = "utf-16-le" if odd > even else "utf-16-be"
    return Encoding(codec, "UTF-16") if head.rstrip(b"\0") else None


def _plain(codec: str, head: bytes) -> str:
    """Return the codec of a text behind its byte order mark, which it neither reads nor writes."""
    if codec in ("utf-16", "utf-32"):
        is_big = head.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE))
        return f"{codec}-be" if is_big else f"{codec}-le"
    return "utf-8" if codec == "utf-8-sig" else codec


def _mark_bytes(codec: str, head: bytes) -> int:
    """Count the bytes of the byte order mark at the start of a text."""
    return next((len(mark) for mark, own, _ in _MARKS if own == codec and head.startswith(mark)), 0)


def _pending(decoder: codecs.IncrementalDecoder) -> int:
    return len(decoder.getstate()[0])


def _breaks(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _longest_line(chunk: bytes, before: int, name: str, line: int) -> int:
    """Return the bytes since the last line break."""
    last = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
    length = before + len(chunk) if last < 0 else len(chunk) - last - 1
    if length > MAX_LINE_BYTES:
        raise CsvRefused(
            f"{name}: line {line} is longer than {MAX_LINE_BYTES >> 20} MB, the most that is read. "
            "Check that the file is a table, and export it again."
        )
    return length
