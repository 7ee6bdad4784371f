# Shell functions that run_all.sh and run_tests.sh share: finding Pythons and making .venv. Not run by itself.

is_root_on_debian() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

# debian_install PACKAGE...: install what is missing, without letting a package start a service of its own.
debian_install() {
    missing=""
    for package in "$@"; do
        dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    echo "installing from Debian:$missing" >&2
    policy=/usr/sbin/policy-rc.d
    ours=""
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" && ours=yes
    fi
    status=0
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq -o DPkg::Lock::Timeout=300 update >/dev/null 2>&1 || true
    # shellcheck disable=SC2086
    apt-get -qq -y -o DPkg::Lock::Timeout=300 --no-install-recommends install $missing >&2 </dev/null || status=$?
    [ -z "$ours" ] || rm -f "$policy"
    return $status
}

# python_fits COMMAND VERSION [MODULE]: whether COMMAND is a Python of at least VERSION that has MODULE.
python_fits() {
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c "import sys; sys.exit(sys.version_info < tuple(map(int, '$2'.split('.'))))" >/dev/null 2>&1 &&
        { [ -z "${3:-}" ] || "$1" -c "import $3" >/dev/null 2>&1; }
}

# find_python VERSION [MODULE]: the path of the first Python that fits.
find_python() {
    for candidate in .venv/bin/python python3 python3.14 python3.13 python3.12 python3.11 python3.10 \
        python3.9 python3.8 /usr/bin/python3; do
        if python_fits "$candidate" "$@"; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return 0
        fi
    done
    return 1
}

# find_server_python: the Python for .venv. A distribution builds its own with more care than most are built by
# hand, which makes everything a tenth to a fifth quicker; so that one is preferred where it can make a .venv.
find_server_python() {
    if is_root_on_debian && python_fits /usr/bin/python3 3.11; then debian_install python3-venv || true; fi
    for candidate in .venv/bin/python /usr/bin/python3; do
        if python_fits "$candidate" 3.11 ensurepip; then
            echo "$candidate"
            return 0
        fi
    done
    find_python 3.11
}

# find_client_python: a Python with tkinter, for the window. Installs it where that is ours to do.
find_client_python() {
    find_python 3.8 tkinter && return 0
    if is_root_on_debian; then
        debian_install python3-tk && find_python 3.8 tkinter && return 0
    fi
    echo "No Python here has tkinter, so there will be no window. Debian's package python3-tk brings it (Fedora: python3-tkinter, macOS: python-tk)." >&2
    return 1
}

# make_venv PYTHON EXTRAS: make or refresh .venv with Restante in it; quick when nothing changed.
make_venv() {
    stamp=$(cat pyproject.toml setup.py | cksum)" $2"
    [ "$(cat .venv/restante-stamp 2>/dev/null)" = "$stamp" ] && return 0
    [ "$(cat .venv/restante-stamp 2>/dev/null)" = "${stamp% *} [tests]" ] && return 0
    if [ ! -x .venv/bin/python ]; then
        echo "making .venv (once; it takes about a minute)" >&2
        if ! "$1" -m venv .venv >/dev/null 2>&1; then
            rm -rf .venv
            if is_root_on_debian; then debian_install python3-venv || true; fi
            "$1" -m venv .venv || {
                echo "The environment .venv could not be made. On Debian the package python3-venv is needed." >&2
                return 1
            }
        fi
    fi
    .venv/bin/python -m pip --disable-pip-version-check -q install -e ".$2" >.venv/install.log 2>&1 || {
        tail -5 .venv/install.log >&2
        echo "The packages could not be installed into .venv; the lines above and .venv/install.log say why." >&2
        return 1
    }
    echo "$stamp" >.venv/restante-stamp
}
