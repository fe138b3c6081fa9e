# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# Where things are, and the few words that all scripts here share. Sourced, never run.
#
#   TOP    the checkout                      CACHE  $OPENMOSIX_CACHE: all that is downloaded or built
#   JOBS   how many jobs a build may use     IN_ROOT is set inside the build root (see inroot)

set -euo pipefail
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
CACHE=${OPENMOSIX_CACHE:-${HOME:?}/.cache/openmosix}
mkdir -p "$CACHE"
CACHE=$(cd "$CACHE" && pwd -P)
export OPENMOSIX_CACHE=$CACHE
JOBS=${OPENMOSIX_JOBS:-$(nproc)}
IN_ROOT=${OPENMOSIX_IN_ROOT:-}
PATH=$PATH:/usr/sbin:/sbin

# shellcheck source=KERNEL
. "$TOP/KERNEL"

# Scripts print their result on stdout, so talk goes to stderr.
say() { printf '%s\n' "$*" >&2; }
die() {
	say "${0##*/}: $*"
	exit 1
}

# locked NAME SCRIPT ARG…: run SCRIPT again under the lock NAME of the cache, unless we hold it already.
# It returns only in the run that holds the lock.
locked() {
	local name=$1
	shift
	case " ${OPENMOSIX_LOCKS:-} " in *" $name "*) return ;; esac
	flock -n "$CACHE/$name.lock" true || say "${1##*/}: waiting for the $name that another run holds"
	OPENMOSIX_LOCKS="${OPENMOSIX_LOCKS:-} $name" exec flock -o "$CACHE/$name.lock" "$@"
}
