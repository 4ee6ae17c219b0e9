"""Guess the encoding of a text that is not UTF-8, by the letters of its words."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agent.importing.tables.alphabets import ALPHABETS, Alphabet
from agent.importing.tables.source import Source

# A guess is worth telling from this share of letters on that fit a language; the others fit none.
FEWEST_FITTING = 0.6
# Another reading is as good as the best one from this share of its fit on.
NEARLY_AS_GOOD = 0.9
_MOST_WORDS = 2_000
_SAMPLE_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 20
_ASCII = bytes(range(128))
_WORD = re.compile(rb"[A-Za-z\x80-\xff]*[\x80-\xff][A-Za-z\x80-\xff]*")
_UTF_8_SHARE = 0.5
# Lower case of the Turkish capital, in two characters.
_DOTTED_I = "i\u0307"
_SMALL_AMID_CAPITALS = re.compile(r"[A-Z]{2}[^\x00-\x7f](?<=[^\W\d_])(?=[A-Z]|$)")
# Marks beside words tell little, and a lone letter still less.
_MARKS = frozenset(
    "\u2018\u2019\u201a\u201c\u201d\u201e\u2039\u203a\u2013\u2014«»…•·°§®©™€£¿¡ªº№¹²³½¼\u00d7±\u00a0"
)
_WITHIN_WORDS = frozenset("\u2019·")
_BESIDE_NUMBERS = frozenset("€£¹²³½¼")
_NEVER_FIRST = frozenset("ъь")
_MARK_WEIGHT, _LONE_WEIGHT, _NEIGHBOUR_WEIGHT = 0.1, 0.05, 0.5
_UNITED = {
    alphabet.codec: replace(
        alphabet,
        letters=frozenset[str]().union(
            *(other.letters for other in ALPHABETS if other.codec == alphabet.codec)
        ),
    )
    for alphabet in ALPHABETS
}
_RUNS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2,}")
_EAST_ASIAN = {
    "cp932": "Shift JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB 18030",
    "big5": "Big5",
    "cp949": "Korean (949)",
}


@dataclass(frozen=True, slots=True)
class Guess:
    """Most likely encoding of a text."""

    codec: str
    """Codec of the text."""
    name: str
    """Name for people."""
    reason: str
    """What spoke for it, as a part of a sentence."""
    example: str
    """A word with its letters; "" without one."""
    others: tuple[str, ...]
    """Names of encodings that fit nearly as well and give other letters."""


@dataclass(frozen=True, slots=True)
class _Sample:
    words: dict[bytes, None] = field(default_factory=dict[bytes, None])
    """Different words with a byte beyond ASCII."""
    high_bytes: set[int] = field(default_factory=set[int])
    """All bytes beyond ASCII of the text."""
    text: bytearray = field(default_factory=bytearray)
    """Beginning of the lines with such bytes."""


def guess_encoding(source: Source) -> Guess | None:
    """Guess the encoding of a text; None when none fits, or most of the words are UTF-8."""
    sample = _read_sample(source)
    words = list(sample.words)
    if not words or sum(map(_is_utf_8, words)) >= len(words) * _UTF_8_SHARE:
        return None
    high = bytes(sorted(sample.high_bytes))
    fits = [
        (alphabet, _fit(alphabet, words))
        for alphabet in ALPHABETS
        if _decodes(alphabet.codec, high)
    ]
    best, share = max(fits, key=lambda fit: fit[1], default=(None, 0.0))
    if best is None or share < FEWEST_FITTING:
        return _guess_east_asian(bytes(sample.text))
    texts = _decoded(best.codec, words)
    others = dict.fromkeys(
        alphabet.name
        for alphabet, fit in fits
        if fit >= share * NEARLY_AS_GOOD and _decoded(alphabet.codec, words) != texts
    )
    example = max(
        texts, key=lambda text: sum(letter.isalpha() and letter > "\x7f" for letter in text)
    )
    reason = f"its letters fit {best.language}"
    return Guess(best.codec, best.name, reason, example, tuple(others))


def _read_sample(source: Source) -> _Sample:
    sample = _Sample()
    rest = b""
    with source.open() as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            beyond = chunk.translate(None, _ASCII)
            if not beyond and not rest:
                continue
            sample.high_bytes.update(beyond)
            if len(sample.words) >= _MOST_WORDS:
                continue
            content = rest + chunk
            last = max(content.rfind(b"\n"), content.rfind(b"\r")) + 1
            whole, rest = (content[:last], content[last:]) if last else (content, b"")
            _add(sample, whole)
    _add(sample, rest)
    return sample


def _add(sample: _Sample, content: bytes) -> None:
    for match in _WORD.finditer(content):
        sample.words.setdefault(match[0])
        if len(sample.words) >= _MOST_WORDS:
            break
    if len(sample.text) < _SAMPLE_BYTES:
        for line in content.splitlines(keepends=True):
            if not line.isascii():
                sample.text.extend(line)
            if len(sample.text) >= _SAMPLE_BYTES:
                break


def _is_utf_8(word: bytes) -> bool:
    return _decodes("utf-8", word)


def _decodes(codec: str, content: bytes) -> bool:
    try:
        content.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _decoded(codec: str, words: Iterable[bytes]) -> list[str]:
    return [word.decode(codec) for word in words]


def _fit(alphabet: Alphabet, words: Iterable[bytes]) -> float:
    """Return the share of characters beyond ASCII, from 0 to 1, that fit an alphabet."""
    fitting = total = 0.0
    for word in words:
        text = word.decode(alphabet.codec)
        beyond = [letter for letter in text if letter > "\x7f"]
        marks = sum(letter in _MARKS for letter in beyond)
        weight = len(beyond) - marks * (1 - _MARK_WEIGHT) if len(text) > 1 else _LONE_WEIGHT
        total += weight
        if _is_word(alphabet, text):
            fitting += weight
        elif _is_word(_UNITED[alphabet.codec], text):
            # Names of people come from the neighbours, too.
            fitting += weight * _NEIGHBOUR_WEIGHT
    return fitting / total if total else 0.0


def _is_word(alphabet: Alphabet, text: str) -> bool:
    """Tell whether letters, capitals and marks stand as they do in words of an alphabet."""
    letters = [letter for letter in text if letter not in _MARKS]
    beyond = {letter.lower() for letter in letters if letter > "\x7f"} - {_DOTTED_I}
    if not beyond <= alphabet.letters:
        return False
    if alphabet.alone and beyond and any(letter <= "\x7f" for letter in letters):
        return False
    if len(letters) > 2 and alphabet.needed:
        needed = text.isupper() or bool(beyond & alphabet.needed)
        if not needed or text[0].lower() in _NEVER_FIRST:
            return False
    if len(letters) > 2 and not _BESIDE_NUMBERS.isdisjoint(text):
        return False
    for before, letter, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if letter <= "\x7f":
            continue
        if letter in _MARKS:
            if before.isalpha() and after.isalpha() and letter not in _WITHIN_WORDS:
                return False
        elif letter.isupper() and (before.islower() or (before.isupper() and after.islower())):
            return False
    # A small letter between capitals; there is no other ß.
    return not re.search(_SMALL_AMID_CAPITALS, text.replace("ß", ""))


def _guess_east_asian(text: bytes) -> Guess | None:
    """Guess among the encodings with two bytes a character, by what is frequent in them."""
    # Imported here, not above: few files need its 3 MB, and each import would hold them.
    from charset_normalizer import from_bytes

    best = from_bytes(text, cp_isolation=list(_EAST_ASIAN)).best()
    if best is None or not best.alphabets or best.encoding not in _EAST_ASIAN:
        return None
    beyond = sum(character > "\x7f" for character in str(best))
    # Other bytes give such characters too, but each between others.
    if sum(map(len, _RUNS.findall(str(best)))) * 2 < beyond:
        return None
    name = _EAST_ASIAN[best.encoding]
    return Guess(best.encoding, name, f"its characters fit {best.language}", "", ())
