"""Names of statuses, categories, resolutions and types in several languages.

They are written as `meaning.statuses.plain_name` gives them.
"""

TO_DO = """
to do|todo|open|new|backlog|reopened|reopen|ready|planned|triage|unstarted|proposed|approved
|not started|opened
|selected for development|ready for development|ready for dev|to be done|next|next up
|next sprint
|por hacer|tareas por hacer|pendiente|abierta|abierto|nueva|nuevo|reabierta|reabierto
|sin empezar
|zu erledigen|offen|neu|wieder geöffnet|wiedereröffnet|erneut geöffnet|geplant|aufgaben
|nicht begonnen
|à faire|ouvert|ouverte|nouveau|nouvelle|rouvert|rouverte|en attente|non commencé
|a fazer|pendente|aberto|aberta|novo|nova|reaberto|reaberta|itens pendentes|tarefas pendentes
|não iniciado
|к выполнению|сделать|открыт|открыто|открыта|открыта заново|новый|новая|новое|переоткрыт
|переоткрыто|бэклог
|к работе|нужно сделать|не начато|da fare|da completare|aperto|te doen|open staand|do zrobienia
|待办|未着手
|seleccionado para desarrollo|für die entwicklung ausgewählt|sélectionné pour le développement
|réouvert|por fazer|selecionado para desenvolvimento|открытый|выбрано для разработки|nog te doen
|otwarte|待处理|オープン|作業前
"""
DOING = """
doing|in progress|inprogress|in development|in review|code review|review|peer review|in testing
|testing|in test
|qa|in qa|ready for qa|ready for test|ready for testing|ready for review|blocked|started|active
|implementing
|indeterminate|committed|wip|work in progress|under review|in work|ready for release
|ready to deploy
|en curso|en progreso|en revisión|en proceso|en desarrollo|en pruebas|bloqueada|bloqueado
|in arbeit|in bearbeitung|in prüfung|in review|in entwicklung|im test|in test|blockiert|begonnen
|en cours|en cours de réalisation|en revue|en révision|en développement|en test|bloqué|bloquée
|em andamento|em progresso|em revisão|em desenvolvimento|em teste|em testes|bloqueada|bloqueado
|fazendo
|в работе|в процессе|выполняется|в разработке|на проверке|на ревью|тестирование|в тестировании
|заблокировано
|in corso|in lavorazione|mee bezig|in behandeling|wordt uitgevoerd|w toku|进行中|正在进行|進行中
|aktiv|actif|active|activo|activa|ativo|ativa|активный|активна|активно|in überprüfung
|wird ausgeführt|en cours de revue|em curso|em análise|bezig|in uitvoering|处理中|作業中
"""
DONE = """
done|closed|resolved|completed|complete|finished|fixed|merged|released|shipped|deployed
|verified|delivered
|finalizada|finalizado|terminada|terminado|cerrada|cerrado|resuelta|resuelto|listo|lista|hecho
|hecha|completada
|completado|cumplida
|fertig|erledigt|geschlossen|gelöst|abgeschlossen|behoben|beendet|fertiggestellt
|terminé|terminée|terminés|fermé|fermée|résolu|résolue|fini|finie|clos|close|achevé|livré
|concluído|concluída|itens concluídos|feito|feita|fechado|fechada|resolvido|resolvida|finalizado
|finalizada|pronto
|готово|выполнено|сделано|закрыт|закрыто|закрыта|решен|решён|решено|решена|завершено|завершен
|завершён|выполнен
|fatto|completato|completata|chiuso|gereed|voltooid|afgerond|gotowe|ukończone|完成|已完成|完了
|ausgeliefert|veröffentlicht|publicado|publicada|entregado|entregada|livrée|publié|publiée
|entregue|encerrado|encerrada|решенные|решённые|опубликовано|выпущено|chiusa|klaar|gesloten|opgelost
|zamknięte|rozwiązane|已解决|已关闭|解決済み|クローズ
"""
DROPPED = """
canceled|cancelled|won't do|wont do|won't fix|wont fix|wontfix|removed|rejected|abandoned
|obsolete|duplicate
|invalid|declined|discarded|withdrawn|not planned|deleted|will not do|will not fix|not doing
|cancelada|cancelado|rechazada|rechazado|descartada|descartado|duplicada|duplicado|anulada
|anulado
|no se hará|no se va a hacer|abandonada|abandonado
|abgebrochen|abgelehnt|verworfen|storniert|duplikat|wird nicht erledigt|wird nicht gemacht
|nicht umgesetzt
|annulé|annulée|rejeté|rejetée|abandonné|abandonnée|doublon|ne sera pas fait|refusé|refusée
|rejeitado|rejeitada|duplicidade|não será feito|não será feita|abandonado
|отменен|отменён|отменено|отменена|отклонен|отклонён|отклонено|отклонена|дубликат
|не будет сделано
|не будет выполнено|annullato|annullata|geannuleerd|afgewezen|anulowane|odrzucone|已取消|キャンセル
|abgewiesen|entfernt|supprimé|supprimée|eliminado|eliminada|removido|removida|удалено|удален
|удалён|no se realizará|no se solucionará|wird nicht ausgeführt|wird nicht umgesetzt|doppelt
|ne sera pas effectué|ne sera pas traité|ne pas faire|dupliqué|en double|duplicata|duplicata de
|não será realizado|recusado|recusada|дублирование|повтор|duplicato|rifiutato|duplicaat|重复|不做
|重複|対応しない
"""
DONE_RESOLUTIONS = """
fixed|implemented|delivered|done|corregido|corregida|arreglado|solucionado|realizado|umgesetzt
|korrigiert
|corrigé|corrigée|réalisé|fait|corrigido|corrigida|implementado|исправлено|исправлен|реализовано
|corretto|risolto
|исправленный|terminé(e)|naprawiono|修正済み
"""
DROPPED_RESOLUTIONS = """
cannot reproduce|can't reproduce|can not reproduce|not reproducible|unable to reproduce
|could not reproduce
|incomplete|not a bug|not an issue|works as designed|working as intended|works for me
|as designed|by design
|out of scope|won't do / won't fix|expired|stale|spam|superseded|later|postponed|deferred
|no se puede reproducir|no reproducible|no se puede reproducir el error|no se corregirá
|no se arreglará
|incompleta|incompleto|no es un error
|kann nicht reproduziert werden|nicht reproduzierbar|wird nicht behoben|nicht reproduziert
|unvollständig
|kein fehler|wird nicht gelöst
|impossible à reproduire|non reproductible|ne peut être reproduit|ne sera pas corrigé
|ne sera pas résolu
|incomplet|incomplète|pas un bug
|não é possível reproduzir|não reproduzível|impossível reproduzir|não será corrigido
|não será resolvido
|não corrigir|não fazer|não é um bug|incompleto
|не воспроизводится|невозможно воспроизвести|не удается воспроизвести|не будет исправлено
|не будет исправляться
|неполный|неполная|не ошибка|не дефект|non riproducibile|non verrà risolto|niet reproduceerbaar
|known error|hardware failure|software failure|rejected by design|ne pas corriger|duplicar
|não foi possível reproduzir|não é um erro|отказ в исправлении|не является ошибкой|无法重现|不解决
|再現不可
"""
NOBODY = """
unassigned|none|nobody|no one|n/a|not assigned|null|sin asignar|no asignado|nicht zugewiesen|niemand
|non attribué|non assigné|personne|não atribuído|sem responsável|ninguém|не назначен|не назначено
|нет|non assegnato|niet toegewezen|nieprzypisane
"""
UNRESOLVED = """
unresolved|none|-|n/a|null|not resolved|open|empty|sin resolver|sin resolución|no resuelta
|no resuelto
|unerledigt|nicht erledigt|nicht gelöst|offen|keine|non résolu|non résolue|aucune|não resolvido
|não resolvida|sem resolução|нет|нет решения|не решен|не решён|не решено|не решена|non risolto
|onopgelost|nierozwiązane|未解决|未解決
"""
NO_PRIORITY = """
no priority|none|not set|not prioritized|unprioritized|undefined|unset|-|sin prioridad
|keine priorität|keine|aucune|aucune priorité|sem prioridade|nenhuma|без приоритета|нет|не задан
"""
CONTAINERS = """
epic|epics|initiative|theme|milestone|phase|portfolio epic|legend|épica|epica|iniciativa|épico|epos
|initiativ|épopée|épique|эпик|инициатива
|capability|business initiative|saga|objective|thema|themen|thème|tema|тема
"""
FEATURES = """
feature|característica|funcionalidad|funktion|fonctionnalité|recurso|funcionalidade|фича|функция
|функциональность
"""
STORIES = """
story|user story|product backlog item|historia|historia de usuario|récit utilisateur|história
|história de usuário|história de utilizador|история|пользовательская история|anwendergeschichte
|requirement|anforderung|requisito|exigence
"""
PARTS = """
sub task|subtask|sub bug|checklist item|subtarea|sub tarea|unteraufgabe|teilaufgabe|sous tâche
|subtarefa|sub tarefa|подзадача|sottotask|sotto task|subtaak|podzadanie|子任务|サブタスク
"""


def names_in(listing: str) -> list[str]:
    """Return the names of one of the lists above."""
    return [name.strip() for name in listing.split("|")]
