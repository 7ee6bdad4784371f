#!/bin/sh
# Set up what the tests need and pass them. Arguments go to pytest: ./run_tests.sh tests/unit -k rules
set -eu
cd "$(dirname "$0")"
. ./etc/environment.sh

if is_root_on_debian; then
    debian_install dovecot-core dovecot-pop3d dovecot-imapd postfix strace xvfb xauth xdotool xclip imagemagick \
        fonts-liberation python3-tk mpop fetchmail notmuch python3-notmuch2 || echo "some packages could not be installed; their tests are skipped" >&2
fi
python=$(find_server_python) || {
    echo "The tests need Python 3.11 or later." >&2
    exit 1
}
make_venv "$python" "[tests]"
# Every skip is printed with its reason (-rs).
exec .venv/bin/python -m pytest -n "${RESTANTE_TEST_WORKERS:-auto}" --dist loadgroup -rs "$@"
