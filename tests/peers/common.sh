# Shared by the scripts beside it; sourced, never run.
PEERS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$PEERS/../.." && pwd)
CACHE=${MERCURY_TEST_CACHE:-${CARGO_TARGET_DIR:-$ROOT/target}/peers}
VENV=${MERCURY_TEST_VENV:-$CACHE/venv}
GO=$CACHE/go                            # the gNMI switches and their client
SWITCH_USER=mercury-test
SWITCH_HOME=/var/lib/mercury-test       # holds the account's random password
export PYTHONDONTWRITEBYTECODE=1

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
die() { say "$*"; exit 1; }
