# Read by backup.sh and restore.sh: the databases, and where they are.
#
#   DSM_OWNER_URL           PostgreSQL server and owner role; the database in it is ignored
#   DSM_OWNER_URLS__SPRINT  the same for one service that has a server of its own; a database that
#                           it names is used
#   BACKUP_FOLDER           where backups are kept (/backups)

folder=${BACKUP_FOLDER:-/backups}
# Service and database; callers before those whom they call, as in the catalogue of services.
databases='ORCHESTRATOR:dsm_agent_memory DAILY_SCRUM:dsm_daily_scrum SPRINT:dsm_sprint
BACKLOG:dsm_backlog PROJECT:dsm_project CHRONICLE:dsm_chronicle'

# Print the URL of database $2 of service $1.
url_of() {
    eval "own=\${DSM_OWNER_URLS__$1:-}"
    server=${own:-${DSM_OWNER_URL:-}}
    if [ -z "$server" ]; then
        echo "set DSM_OWNER_URL, or DSM_OWNER_URLS__$1" >&2
        return 1
    fi
    place=${server%%\?*}
    query=${server#"$place"}
    place=${place#*://}
    authority=${place%%/*}
    database=${place#"$authority"}
    database=${database#/}
    [ -n "$own" ] && [ -n "$database" ] || database=$2
    printf 'postgresql://%s/%s%s' "$authority" "$database" "$query"
}
