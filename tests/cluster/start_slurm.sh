#!/usr/bin/env bash
# A Slurm cluster of one node, this machine, in a folder of its own: nothing of /etc or /run is
# touched, and no systemd is needed. Prints the environment in which its commands find it:
#
#   eval "$(tests/cluster/start_slurm.sh FOLDER)"
#   tests/cluster/stop_slurm.sh FOLDER
#
# Needs slurmctld, slurmd, slurm-client and munge. The node has a GPU that is none (/dev/null), in a
# partition of its own, and says it has more processors and memory than the machine: jobs are scheduled
# by what they ask for.
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
mkdir -p "$folder"/{bin,state,spool}
node=$(hostname -s)
socket=$folder/munge.socket
read -r controller daemon < <(python3 -c '
from socket import socket
pair = [socket(), socket()]
for one in pair: one.bind(("127.0.0.1", 0))
print(*(one.getsockname()[1] for one in pair))')

cat > "$folder/slurm.conf" <<END
ClusterName=one
SlurmctldHost=$node(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
SlurmctldPort=$controller
SlurmdPort=$daemon
AuthType=auth/munge
AuthInfo=socket=$socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
KillWait=2
ReturnToService=2
GresTypes=gpu
NodeName=$node NodeAddr=127.0.0.1 CPUs=8 RealMemory=200000 Gres=gpu:1
PartitionName=cpu Nodes=$node Default=YES MaxTime=1-0
PartitionName=gpu Nodes=$node MaxTime=1-0
END
echo "NodeName=$node Name=gpu File=/dev/null" > "$folder/gres.conf"
printf 'CgroupPlugin=autodetect\nIgnoreSystemd=yes\n' > "$folder/cgroup.conf"
export SLURM_CONF=$folder/slurm.conf

# Inside a job the plugin drops every variable called SLURM_*, this one too, before it calls srun.
printf '#!/bin/sh\nSLURM_CONF=%s exec %s "$@"\n' "$SLURM_CONF" "$(command -v srun)" > "$folder/bin/srun"
chmod +x "$folder/bin/srun"

{
  (umask 077 && head -c 128 /dev/urandom > "$folder/munge.key")
  munged --force --socket "$socket" --key-file "$folder/munge.key" --seed-file "$folder/munge.seed" \
    --pid-file "$folder/munged.pid" --log-file "$folder/munged.log"
  slurmctld
  slurmd
  for _ in $(seq 100); do
    [ "$(sinfo --noheader --format %t | sort -u)" = idle ] && break
    sleep 0.2
  done
  sinfo
} >&2
echo "export SLURM_CONF=$SLURM_CONF PATH=$folder/bin:\$PATH"
