"""A local cluster of dask.distributed: a scheduler, two workers of one thread each, no dashboard."""

import logging

import dask
import distributed
from distributed import Client, LocalCluster

logging.getLogger("distributed").setLevel(logging.ERROR)


def start():
    dask.config.set({"distributed.worker.memory.terminate": False})
    # the scheduler as a process of its own would be an own thing in dask; its thread is what people use
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    return Client(cluster)


def stop(client):
    cluster = client.cluster
    client.close()
    cluster.close()


VERSION = distributed.__version__
