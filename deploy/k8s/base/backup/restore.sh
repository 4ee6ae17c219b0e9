#!/bin/sh
# Restore one backup into databases that exist and are empty; then run `dsm migrate`.
#
#   restore.sh BACKUP   name of a folder under $BACKUP_FOLDER, as 20261129T020000Z; see databases.sh
#
# A database is restored as a whole or stays empty. One that has tables is refused.
set -u
. "${0%/*}/databases.sh"
backup=$folder/${1:?name the backup to restore}

for pair in $databases; do
    database=${pair#*:}
    url=$(url_of "${pair%%:*}" "$database") || exit 1
    [ -f "$backup/$database.dump" ] ||
        { echo "$backup/$database.dump is missing; choose a complete backup" >&2; exit 1; }
    tables=$(psql --dbname="$url" -XAtqc "SELECT count(*) FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')") || exit 1
    [ "$tables" = 0 ] ||
        { echo "$database has tables; restore into an empty database" >&2; exit 1; }
done
for pair in $databases; do
    database=${pair#*:}
    url=$(url_of "${pair%%:*}" "$database")
    # Comments belong to extensions, and those to an administrator.
    pg_restore --no-owner --no-privileges --no-comments --exit-on-error --single-transaction \
        --dbname="$url" "$backup/$database.dump" || exit 1
    echo "restored $database"
done
echo 'all are restored; now run: dsm migrate'
