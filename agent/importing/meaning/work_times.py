"""Times of estimates, such as `1d 4h` or `PT4H`, as hours of work."""

import re

from agent.importing.meaning.estimates import MAX_ESTIMATE

# As Jira, GitLab, YouTrack and OpenProject count them unless a team sets them otherwise.
HOURS_OF_DAY = 8.0
DAYS_OF_WEEK = 5
_DAYS_OF_MONTH = 20
_DECIMALS = 4
_HOURS = {
    HOURS_OF_DAY * _DAYS_OF_MONTH: "mo month months mois monat monate mes meses mês mesi mese",
    HOURS_OF_DAY * DAYS_OF_WEEK: "w wk wks week weeks woche wochen wo sem semaine semaines semana "
    "semanas settimana settimane н нед неделя недели недель",
    HOURS_OF_DAY: "d day days tag tage tagen jour jours j día días dia dias giorno giorni д дн "
    "день дня дней pd",
    1.0: "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore ч час часа часов",
    1 / 60: "m min mins minute minutes minuten minuto minutos minuti м мин минута минуты минут",
    1 / 3600: "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos сек",
}
_BY_UNIT = {unit: hours for hours, units in _HOURS.items() for unit in units.split()}
_NUMBER = r"[0-9]{1,9}(?:[.,][0-9]{1,9})?"
_PART = re.compile(rf"({_NUMBER})\s*([^\W\d_]+)\.?")
_PARTS = re.compile(rf"{_NUMBER}\s*[^\W\d_]+\.?(?:(?:\s*,)?\s*{_NUMBER}\s*[^\W\d_]+\.?)*")
_ISO = re.compile(
    rf"p(?:({_NUMBER})w)?(?:({_NUMBER})d)?"
    rf"(?:t(?=[0-9])(?:({_NUMBER})h)?(?:({_NUMBER})m)?(?:({_NUMBER})s)?)?"
)
_ISO_HOURS = (HOURS_OF_DAY * DAYS_OF_WEEK, HOURS_OF_DAY, 1.0, 1 / 60, 1 / 3600)
# 2:30 and 2h30 are two hours and a half.
_CLOCK = re.compile(r"([0-9]{1,5})\s*[:h]\s*([0-5][0-9])(?::([0-5][0-9]))?")


def hours_of(text: str) -> float | None:
    """Return the hours of a time with its units, at most a million; None for any other text.

    A day has 8 hours, a week 5 days and a month 20. A number without a unit is no time.
    """
    text = " ".join(text.split()).casefold()
    if match := _CLOCK.fullmatch(text):
        hours = int(match[1]) + int(match[2]) / 60 + int(match[3] or 0) / 3600
    elif (match := _ISO.fullmatch(text)) and any(match.groups()):
        parts = zip(match.groups(), _ISO_HOURS, strict=True)
        hours = sum(_number(number) * unit for number, unit in parts if number)
    elif _PARTS.fullmatch(text):
        parts = [(_number(part[1]), _BY_UNIT.get(part[2])) for part in _PART.finditer(text)]
        if any(unit is None for _, unit in parts):
            return None
        hours = sum(number * (unit or 0) for number, unit in parts)
    else:
        return None
    return round(hours, _DECIMALS) if hours <= MAX_ESTIMATE else None


def _number(text: str) -> float:
    return float(text.replace(",", "."))
