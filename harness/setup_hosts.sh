#!/bin/sh
# What some scenarios need besides Python: for those of several machines an sshd and iproute2, for
# those of the catalog on a server PostgreSQL. Installs them where nobody has to be asked; elsewhere
# those scenarios are skipped with their reason. Under systemd the packages would start a server,
# and open this machine to the network, at once, so there a person has to want them.
PATH="$PATH:/usr/sbin:/sbin"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || [ -d /run/systemd/system ]; then
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive

present() {
    for program; do
        command -v "$program" >/dev/null || return 1
    done
}

install() {
    apt-get install -y -qq --no-install-recommends "$@"
}

install_postgresql() {
    # First, so that installing the server makes no cluster of databases.
    install postgresql-common &&
        pg_conftool /etc/postgresql-common/createcluster.conf set create_main_cluster off &&
        install postgresql
}

or_say() {
    what=$1
    shift
    if ! { "$@" || { apt-get update -qq && "$@"; }; } >/dev/null 2>&1; then
        echo "$what could not be installed: scenarios that need that are skipped"
    fi
}

if ! present sshd ip ssh-keygen; then
    or_say 'openssh-server and iproute2' install openssh-server openssh-client iproute2
fi
if ! present initdb && ! present /usr/lib/postgresql/*/bin/initdb; then
    or_say PostgreSQL install_postgresql
fi
exit 0
