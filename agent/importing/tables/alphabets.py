"""Letters of languages, by the encodings in which exports without UTF-8 write them."""

from dataclasses import dataclass

_CYRILLIC = "".join(map(chr, range(0x430, 0x460))) + "\u0491"
_CYRILLIC_VOWELS = "аеиоуыэюяёіїє"
_GREEK_ACCENTS = "άέήίόύώΐΰ"
_GREEK = "".join(map(chr, range(0x3AC, 0x3CF))) + "\u0390"
_HEBREW = "".join(map(chr, range(0x5D0, 0x5EB)))
_ARABIC = "".join(map(chr, range(0x621, 0x64B))) + "پچژگ"


@dataclass(frozen=True, slots=True)
class Alphabet:
    """One language in one encoding."""

    codec: str
    """Codec, one byte a character."""
    name: str
    """Name of the encoding for people."""
    language: str
    """Name of the language for people."""
    letters: frozenset[str]
    """Its letters beyond a to z, lower case."""
    alone: bool = False
    """True when its words hold no letter from a to z."""
    needed: frozenset[str] = frozenset()
    """Letters of which each longer word has one, unless it is in capitals; empty: no such rule."""


_WESTERN = (
    ("German", "äöüß"),
    ("French", "àâæçéèêëîïôœùûüÿ"),
    ("Spanish", "áéíñóúü"),
    ("Portuguese", "ãáàâçéêíóôõúü"),
    ("Italian", "àèéìíîòóùú"),
    ("Dutch", "éëïóöüèêáíú"),
    ("Swedish or Finnish", "åäöéšž"),
    ("Danish or Norwegian", "æøåéòôü"),
    ("Catalan", "àçèéíïòóúü"),
)
_CENTRAL = (
    ("Polish", "ąćęłńóśźż"),
    ("Czech", "áčďéěíňóřšťúůýž"),
    ("Slovak", "áäčďéíĺľňóôŕšťúýž"),
    ("Hungarian", "áéíóöőúüű"),
    ("Romanian", "ăâîşţ"),
    ("Croatian or Slovenian", "čćđšž"),
)


def _alphabets(
    codec: str,
    name: str,
    languages: tuple[tuple[str, str], ...],
    *,
    alone: bool = False,
    needed: str = "",
) -> tuple[Alphabet, ...]:
    return tuple(
        Alphabet(codec, name, language, frozenset(letters), alone, frozenset(needed))
        for language, letters in languages
    )


_RUSSIAN = (("Russian or Ukrainian", _CYRILLIC),)
# The order decides ties: the encodings of spreadsheets on Windows stand first.
ALPHABETS = (
    *_alphabets("cp1252", "Windows-1252", _WESTERN),
    *_alphabets("cp1250", "Windows-1250", _CENTRAL),
    *_alphabets("cp1251", "Windows-1251", _RUSSIAN, alone=True, needed=_CYRILLIC_VOWELS),
    *_alphabets("cp1254", "Windows-1254", (("Turkish", "çğıöşüâîû"),)),
    *_alphabets("cp1253", "Windows-1253", (("Greek", _GREEK),), alone=True, needed=_GREEK_ACCENTS),
    *_alphabets(
        "cp1257",
        "Windows-1257",
        (
            ("Lithuanian", "ąčęėįšųūž"),
            ("Latvian", "āčēģīķļņšūž"),
            ("Estonian", "äõöüšž"),
        ),
    ),
    *_alphabets("cp1252", "Windows-1252", (("Icelandic", "áéíóúýþæöð"),)),
    *_alphabets("cp1255", "Windows-1255", (("Hebrew", _HEBREW),), alone=True),
    *_alphabets("cp1256", "Windows-1256", (("Arabic", _ARABIC),), alone=True),
    *_alphabets("iso8859-2", "ISO-8859-2", _CENTRAL),
    *_alphabets("koi8-u", "KOI8", _RUSSIAN, alone=True, needed=_CYRILLIC_VOWELS),
    *_alphabets("iso8859-5", "ISO-8859-5", _RUSSIAN, alone=True, needed=_CYRILLIC_VOWELS),
    *_alphabets("cp866", "DOS 866", _RUSSIAN, alone=True, needed=_CYRILLIC_VOWELS),
    *_alphabets("cp850", "DOS 850", _WESTERN),
    *_alphabets("cp852", "DOS 852", _CENTRAL),
    *_alphabets("mac-roman", "Macintosh", _WESTERN),
    *_alphabets(
        "mac-cyrillic", "Macintosh Cyrillic", _RUSSIAN, alone=True, needed=_CYRILLIC_VOWELS
    ),
)
