#!/bin/sh
# Dump every database into a folder of this moment under $BACKUP_FOLDER, and remove old ones.
#
#   BACKUP_KEEP_DAYS   backups older than this many days are removed (14); see also databases.sh
#
# Exit 0: all are dumped and readable. Exit 1: at least one is not; the others are kept, in a folder
# that ends with `.incomplete`.
set -u
umask 077
. "${0%/*}/databases.sh"
keep_days=${BACKUP_KEEP_DAYS:-14}

say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }

# Dump database $2 of service $1 into folder $3; the file gets its name when it is whole.
dump() {
    url=$(url_of "$1" "$2") || return 1
    pg_dump --format=custom --no-owner --no-privileges --lock-wait-timeout=60s \
        --file="$3/$2.part" --dbname="$url" || return 1
    # A dump whose contents cannot be listed is none.
    pg_restore --list "$3/$2.part" > /dev/null || return 1
    mv "$3/$2.part" "$3/$2.dump"
}

moment=$(date -u +%Y%m%dT%H%M%SZ)
part="$folder/.$moment.part"
rm -rf "$folder"/.*.part
mkdir -p "$part" || exit 1

# All begin at once: a dump shows its database as it was when the dump began.
started=''
for pair in $databases; do
    dump "${pair%%:*}" "${pair#*:}" "$part" &
    started="$started $!:${pair#*:}"
done
failed=''
for one in $started; do
    wait "${one%%:*}" || failed="$failed ${one#*:}"
done
rm -f "$part"/*.part
sync

if [ -n "$failed" ]; then
    mv "$part" "$folder/$moment.incomplete"
    say "backup $moment is incomplete, not dumped:$failed"
    exit 1
fi
mv "$part" "$folder/$moment"
say "backup $moment is complete: $(du -sk "$folder/$moment" | cut -f1) KiB"

# Only after a complete backup: a server that fails for weeks must not cost the last good one.
for old in $(find "$folder" -mindepth 1 -maxdepth 1 -type d -name '????????T??????Z*' \
    -mtime "+$keep_days"); do
    rm -rf "$old"
    say "removed ${old##*/}"
done
