#!/usr/bin/env bash
# private-slurm.sh up|down|env FOLDER: a SLURM of two emulated nodes on this machine, for the launcher's test.
# Needs slurm-wlm and munge, and root. Listens on 127.0.0.1; everything it writes is in FOLDER; /etc is not touched.
set -euo pipefail
command=$1 home=$2 nodes=2
host=$(hostname -s)
export SLURM_CONF=$home/slurm.conf

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
alive() { [ -e "/proc/$1" ] && ! grep -q '^State:.*Z' "/proc/$1/status" 2>/dev/null; }
stop() { # stop NAME: asked first, then killed
  local file=$home/run/$1.number number
  [ -s "$file" ] || return 0
  number=$(cat "$file"); kill "$number" 2>/dev/null || true
  for ((i = 0; i < 30; i++)); do alive "$number" || break; sleep 0.1; done
  kill -9 "$number" 2>/dev/null || true; rm -f "$file"
}

case $command in
env) echo "$SLURM_CONF"; exit ;;
down)
  # only where the controller answers: scancel tries a dead one for minutes
  if timeout 3 scontrol ping 2>/dev/null | grep -q 'is UP'; then timeout 5 scancel -u "$(id -un)" 2>/dev/null || true; sleep 0.5; fi
  for ((i = 1; i <= nodes; i++)); do stop slurmd-n$i; done
  stop slurmctld; stop munged
  exit ;;
up) ;;
*) echo "usage: $0 up|down|env FOLDER" >&2; exit 2 ;;
esac

mkdir -p "$home"/{log,run,state,etc}
for ((i = 1; i <= nodes; i++)); do mkdir -p "$home/spool/n$i"; done
chmod 755 "$home" "$home/run"; chmod 700 "$home/etc"
head -c 128 /dev/urandom >"$home/etc/munge.key"; chmod 400 "$home/etc/munge.key"
# --force: munged refuses a folder below a world-writable one, such as /tmp
start munged /usr/sbin/munged -F --force --key-file="$home/etc/munge.key" --socket="$home/run/munge.sock" \
  --pid-file="$home/run/munged.pid" --log-file="$home/log/munged.log" --seed-file="$home/etc/munge.seed"
wait_for 10 munge -n -S "$home/run/munge.sock"

cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=27817
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$home/run/munge.sock,cred_expire=5
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool/%n
SlurmctldPidFile=$home/run/slurmctld.pid
SlurmdPidFile=$home/run/slurmd-%n.pid
SlurmctldLogFile=$home/log/slurmctld.log
SlurmdLogFile=$home/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=256
ReturnToService=2
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=100000
KillWait=5
MailProg=/bin/true
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
$(for ((i = 1; i <= nodes; i++)); do echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((27830 + i)) CPUs=4 RealMemory=4000 State=UNKNOWN"; done)
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
CONF

start slurmctld /usr/sbin/slurmctld -D -f "$SLURM_CONF"
controller_up() { timeout 3 scontrol ping | grep -q 'is UP'; }
wait_for 20 controller_up
for ((i = 1; i <= nodes; i++)); do start slurmd-n$i /usr/sbin/slurmd -D -N n$i -f "$SLURM_CONF"; done
nodes_idle() { [ "$(sinfo -h -N -t idle -o %N | sort -u | wc -l)" = $nodes ]; }
wait_for 20 nodes_idle
