"""Names of columns in one spelling, so that two exports of one tracker agree."""

import re
import unicodedata
from functools import lru_cache

# Jira puts the names of the fields that it was taught in brackets behind these words.
CUSTOM_FIELD_PREFIXES = frozenset(
    {
        "aangepast veld",
        "benutzerdefinierte felder",
        "benutzerdefiniertes feld",
        "campo customizado",
        "campo personalizado",
        "campo personalizzato",
        "champ personnalisé",
        "champs personnalisés",
        "custom field",
        "pole niestandardowe",
        "pole własne",
        "настраиваемое поле",
        "пользовательское поле",
        "カスタム フィールド",
        "カスタムフィールド",
        "自定义字段",
    }
)
_SEPARATORS = re.compile(r"[\s_-]+")
_UNIT = re.compile(
    r"\s*[(\[]\s*(?:(?:utc|gmt)(?:\s*[+-]\s*\d{1,2}(?::?\d{2})?)?|[a-z]+/[a-z_/]+|e[sd]t|[cmp][sd]t|cet|cest|eet|eest|wet|west|bst|msk|ist|jst|aest"
    r"|[a-z]+ time"
    r"|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?|ms|h|points?|pts?|sp)\s*[)\]]$"
)


# Programs that keep a table by unique names number the columns that share one: Sprint.1, Sprint.2.
_NUMBERED = re.compile(r"(?<=[^\W\d])\.\d{1,3}$")


@lru_cache(maxsize=4096)
def normalised(name: str) -> str:
    """Bring a name to lower case and one space between words, without a unit such as `(UTC)`.

    A hyphen and an underscore separate words like a space. Jira's `Custom field (Points)` keeps its
    bracket, which names the field.
    """
    composed = unicodedata.normalize("NFKC", name).replace("\u2019", "'")
    # A byte order mark and what web pages hide in names (category Cf).
    visible = "".join(letter for letter in composed if unicodedata.category(letter) != "Cf")
    text = _NUMBERED.sub("", " ".join(visible.split()).casefold())
    without_unit = _UNIT.sub("", text)
    if without_unit and without_unit not in CUSTOM_FIELD_PREFIXES:
        text = without_unit
    # Jira's German lists end a name with a colon, forms mark what is required by a star.
    return _SEPARATORS.sub(" ", text).rstrip(" :*").lstrip()
