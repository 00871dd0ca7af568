#!/usr/bin/env bash
# Ends the cluster that start_slurm.sh started in a folder, its jobs, and no other process.
export SLURM_CONF=$1/slurm.conf
scancel --user "$(id -un)" || true
for _ in $(seq 50); do [ -z "$(squeue --noheader)" ] && break; sleep 0.2; done
for daemon in slurmd slurmctld munged; do
  pid=$(cat "$1/$daemon.pid" 2>/dev/null) || continue
  kill "$pid"
  for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
done
