"""Names of priorities and severities in several languages, by their level; 1 is the highest."""

from agent.importing.meaning.status_names import names_in

LEVELS = {
    1: """
blocker|highest|critical|urgent|immediate|show stopper|más alta|crítica|urgente|höchste
|kritisch|dringend|am höchsten|la plus élevée|la plus haute|critique|mais alta|altíssima
|наивысший|критический|срочный|sehr hoch|sofort|very high|severe|muy alta|bloqueante|bloqueador
|très haute|très élevée|bloquant|bloquante|urgent(e)|muito alta|bloqueadora|очень высокий
|крайне важный|неотложный|блокирующий|самый высокий|altissima|hoogste|najwyższy|最高|fatal
|emergency|asap|must have|must|showstopper|top|extreme|very urgent|immédiat|immédiate|maximale
|maximum|sehr wichtig|blockierend|eilig|crítico|inmediata|inmediato|máxima|máximo|más alto
|muy alto|muito alto|imediata|imediato|mais alto|критичный|критическая|критичная|блокер
|блокирующая|срочная|срочно|немедленный|немедленная|немедленно|наивысшая|самая высокая
|очень высокая|неотложная|максимальный|максимальная|критично|critico|kritiek|krytyczny|pilny
|najwyższa
""",
    2: """
high|major|alta|hoch|élevée|haute|высокий|wichtig|important|mayor|majeur|majeure|média alta
|maior|важный|значительный|hoog|wysoki|高|hohe|serious|should have|should|haut|élevé|importante
|prioritaire|grave|schwer|schwerwiegend|alto|высокая|важная|важно|серьезный|серьёзная
|значительная|wysoka
""",
    3: """
medium|normal|moderate|media|mittel|moyenne|normale|média|средний|обычный|normale priorität
|нормальный|gemiddeld|średni|中|med|mid|average|standard|moyen|mittlere|medio|médio|middel
|средняя|обычная|нормальная|стандартный|средне|średnia|normaal
""",
    4: """
low|minor|baja|niedrig|faible|basse|baixa|низкий|gering|menor|mineur|mineure|незначительный
|bassa|laag|niski|低|nice to have|could have|could|later|bas|geringfügig|leicht|niedrige|bajo
|leve|baixo|низкая|незначительная|низко|basso|niska
""",
    5: """
lowest|trivial|más baja|niedrigste|am niedrigsten|la plus basse|la plus faible|mais baixa
|наименьший|самый низкий|sehr niedrig|unwichtig|very low|muy baja|très basse|très faible
|muito baixa|baixíssima|очень низкий|тривиальный|bassissima|laagste|najniższy|最低|optional
|wishlist|won't have|cosmetic|minimale|unbedeutend|unkritisch|mínima|mínimo|más bajo|muy bajo
|muito baixo|mais baixo|самая низкая|очень низкая|тривиальная|минимальный|минимальная
|наименьшая|низший|косметический|najniższa
""",
}
NAMES = {name: level for level, names in LEVELS.items() for name in names_in(names)}
