#!/bin/sh
# What the scenarios of several machines need: an sshd and iproute2. Installs them where nobody has
# to be asked; elsewhere those scenarios are skipped with their reason. Under systemd the package
# would open this machine to the network at once, so there a person has to want it.
PATH="$PATH:/usr/sbin:/sbin"
if command -v sshd >/dev/null && command -v ip >/dev/null && command -v ssh-keygen >/dev/null; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null || [ -d /run/systemd/system ]; then
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
install() {
    apt-get install -y -qq --no-install-recommends openssh-server openssh-client iproute2
}
if ! { install || { apt-get update -qq && install; }; } >/dev/null 2>&1; then
    echo "openssh-server and iproute2 could not be installed: scenarios that need them are skipped"
fi
exit 0
