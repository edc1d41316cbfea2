#!/bin/sh
# usage: arrows.sh NM PROGRAM
#
# PROGRAM holds the whole of the archives wire, model and decide, and of base what they ask for. It
# must ask the system for nothing that a decision may not do: sockets, files, clocks, log lines.
set -eu
nm=$1
program=$2

forbidden='socket|connect|bind|send|sendto|sendmsg|sendmmsg|recv|recvfrom|recvmsg|recvmmsg'
forbidden="$forbidden|open|open64|openat|openat64|fopen|fopen64|read|pread64|write"
forbidden="$forbidden|time|clock_gettime|gettimeofday|fork|execve"

asked=$("$nm" -u "$program")
held=$("$nm" "$program")
found=$(echo "$asked" | awk '{ sub("@.*", "", $NF); print $NF }' |
    grep -E -x "(__)?($forbidden)(_chk)?" || true)
found="$found $(echo "$held" | awk '{ print $NF }' | grep -E -x 'log_line|clock_[a-z_]+' || true)"
if [ "$found" != " " ]; then
    echo "wire, model or decide asks for: $found" >&2
    exit 1
fi
echo "$held" | grep -q ' decide_dhcp$' || { echo "$program does not hold decide" >&2; exit 1; }
echo "wire, model and decide ask for no socket, file, clock or log"
