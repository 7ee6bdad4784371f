#!/bin/sh
# Set up what is needed, start the three daemons on an embedded store, and open the client.
#   ./run_all.sh                     for real: data in var/, settings in etc/
#   ./run_all.sh --demo              with two demonstration mail providers and a profile to look at
#   ./run_all.sh --demo --headless   the same visit as a script, without a screen
# Ctrl-C stops only what this started.
set -eu
cd "$(dirname "$0")"
. ./etc/environment.sh

python=$(find_server_python || true)
if [ -z "$python" ]; then
    echo "Restante needs Python 3.11 or later, and none was found. Install it (Debian: apt install python3 python3-venv) and try again." >&2
    exit 1
fi
make_venv "$python" "" || exit 1
# Nothing is installed for a window that is not going to be opened.
client_python=""
case " $* " in
*" --headless "* | *" --help "* | *" -h "*) ;;
*) [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] && [ "$(uname)" = Linux ] || client_python=$(find_client_python || true) ;;
esac
exec .venv/bin/restante up --client-python "$client_python" "$@"
