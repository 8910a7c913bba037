#!/usr/bin/env bash
# private-rgw.sh up|down FOLDER [PORT]: a Ceph RADOS gateway (S3) on this machine alone, for the tests of the S3 store.
# One monitor, one daemon that keeps objects in memory, one gateway on 127.0.0.1:PORT. Needs radosgw, ceph-mon, ceph-osd and
# ceph-common. Everything it writes is in FOLDER; no device and nothing of the system is touched.
set -euo pipefail
command=$1 home=$2 port=${3:-0} monitor=$((${3:-0} + 1))
export CEPH_CONF=$home/ceph.conf

start() { # start NAME COMMAND...: in the background, its number kept
  local name=$1; shift
  setsid "$@" >>"$home/log/$name.out" 2>&1 </dev/null &
  echo $! >"$home/run/$name.number"
}
wait_for() { # wait_for SECONDS COMMAND...
  local tenths=$(($1 * 10)); shift
  for ((i = 0; i < tenths; i++)); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done
  echo "gave up waiting for: $*" >&2; return 1
}

if [ "$command" = down ]; then
  # nothing is kept, so nothing has to be saved
  for name in gateway osd monitor; do
    [ -s "$home/run/$name.number" ] && kill -9 "$(cat "$home/run/$name.number")" 2>/dev/null || true
  done
  exit 0
fi

mkdir -p "$home"/{log,run,mon/a,osd/0,rgw}
cat >"$home/ceph.conf" <<CONF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon host = [v2:127.0.0.1:$monitor,v1:127.0.0.1:$((monitor + 1))]
public network = 127.0.0.0/8
cluster network = 127.0.0.0/8
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = $home/keyring
ms bind port min = $((monitor + 10))
ms bind port max = $((monitor + 60))
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
paxos propose interval = 0.05
paxos min wait = 0.01
osd objectstore = memstore
memstore device bytes = 1073741824
osd max object name len = 1024
run dir = $home/run
admin socket = $home/run/\$name.asok
pid file = $home/run/\$name.pid
log file = $home/log/\$name.log
mon cluster log file = $home/log/cluster.log
crash dir = $home/log
[mon.a]
mon data = $home/mon/a
[osd.0]
osd data = $home/osd/0
[client.rgw.a]
rgw data = $home/rgw
rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
rgw thread pool size = 16
CONF
{
  fsid=$(sed -n 's/^fsid = //p' "$home/ceph.conf")
  monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$monitor,v1:127.0.0.1:$((monitor + 1))]" "$home/monmap"
  ceph-authtool --create-keyring "$home/keyring" --gen-key -n mon. --cap mon 'allow *'
  ceph-authtool "$home/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
  ceph-authtool "$home/keyring" --gen-key -n osd.0 --cap mon 'allow profile osd' --cap osd 'allow *' --cap mgr 'allow profile osd'
  ceph-authtool "$home/keyring" --gen-key -n client.rgw.a --cap mon 'allow rwx' --cap osd 'allow rwx' --cap mgr 'allow rw'
  ceph-mon -i a --mkfs --monmap "$home/monmap" --keyring "$home/keyring"
} >"$home/log/prepare.out" 2>&1
start monitor ceph-mon -i a -f
wait_for 20 timeout 3 ceph -s
daemon=$(cat /proc/sys/kernel/random/uuid)
ceph osd new "$daemon" -i <(echo "{\"cephx_secret\":\"$(ceph-authtool "$home/keyring" -n osd.0 --print-key)\"}") >>"$home/log/prepare.out" 2>&1
ceph-osd -i 0 --mkfs --osd-uuid "$daemon" >>"$home/log/prepare.out" 2>&1
start osd ceph-osd -i 0 -f
osd_is_up() { timeout 3 ceph osd stat 2>/dev/null | grep -q '1 up'; }
wait_for 20 osd_is_up
radosgw-admin --name client.rgw.a user create --uid=test --display-name=test \
  --access-key="$ACCESS_KEY" --secret="$SECRET_KEY" >"$home/log/user.out" 2>&1
start gateway radosgw -n client.rgw.a -f
gateway_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") && exec 3>&-; }
wait_for 40 gateway_answers
