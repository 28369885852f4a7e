# Outlives whoever started it, to leave nothing behind: neither processes nor files.
# $1: directory of one throwaway cluster; $2: "keep" to spare the files.
# Standard input is a pipe whose only writer is the process that uses the cluster,
# so `read` returns when that process drops it or dies in whatever way.
trap '' HUP INT QUIT TERM
read -r _

# Renamed first: a child about to start finds its place gone and does not start.
closed="$1.closed"
mv "$1" "$closed" || exit 0
for file in "$closed"/pids/*; do
    pid=
    [ -f "$file" ] && read -r pid <"$file"
    [ -n "$pid" ] && { kill -9 -- "-$pid" || kill -9 "$pid"; } 2>/dev/null
done

# Processes that were just killed may still hold on, and write.
keep_trying() {
    tries=0
    until "$@" 2>/dev/null || [ "$tries" -ge 100 ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
}

# Directories outside, such as control groups, were named by who made them.
remove_elsewhere() {
    [ -f "$closed/elsewhere" ] || return 0
    while read -r directory; do
        [ ! -d "$directory" ] || find "$directory" -depth -type d -exec rmdir {} + || return 1
    done <"$closed/elsewhere"
}

keep_trying remove_elsewhere
if [ "$2" = keep ]; then
    mv "$closed" "$1"
    exit 0
fi
keep_trying rm -rf "$closed"
