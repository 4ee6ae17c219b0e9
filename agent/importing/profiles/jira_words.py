"""Words of Jira in the languages that its exports are read in."""

from agent.importing.meaning.statuses import State
from agent.importing.profiles.jira_language import JiraLanguage
from agent.importing.tasks import Kind

ENGLISH = JiraLanguage(
    language="en",
    label="English",
    custom_field=("custom field",),
    columns={},
    types={"epic": Kind.CONTAINER, "sub task": Kind.PART, "subtask": Kind.PART},
    seen="real",
)
SPANISH = JiraLanguage(
    language="es",
    label="Spanish",
    custom_field=("campo personalizado",),
    columns={
        "issue key": ("clave de incidencia",),
        "key": ("clave",),
        "issue id": ("id de la incidencia",),
        "project key": ("clave del proyecto",),
        "summary": ("resumen",),
        "issue type": ("tipo de incidencia",),
        "status": ("estado",),
        "status category": ("categoría de estado",),
        "status category changed": ("categoría de estado modificada",),
        "resolution": ("resolución",),
        "priority": ("prioridad",),
        "assignee": ("persona asignada",),
        "labels": ("etiquetas",),
        "created": ("creada",),
        "updated": ("actualizada",),
        "resolved": ("resuelta",),
        "parent key": ("clave principal",),
        "parent": ("principal",),
    },
    statuses={
        "tareas por hacer": State.TO_DO,
        "por hacer": State.TO_DO,
        "en curso": State.DOING,
        "finalizada": State.DONE,
        "listo": State.DONE,
    },
    types={"épica": Kind.CONTAINER, "subtarea": Kind.PART},
    seen="real",
)
LANGUAGES = (ENGLISH, SPANISH)
