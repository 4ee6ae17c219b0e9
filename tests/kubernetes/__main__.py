"""Serve the double: `python -m tests.kubernetes --port 9500` prints a kubeconfig's path."""

import argparse
import tempfile
from pathlib import Path

import uvicorn

from tests.kubernetes.access import write_kubeconfig
from tests.kubernetes.server import ApiServer

parser = argparse.ArgumentParser()
parser.add_argument("--port", type=int, default=9500)
port = parser.parse_args().port
path = Path(tempfile.mkdtemp(prefix="dsm-cluster-")) / "config"
write_kubeconfig(path, f"http://127.0.0.1:{port}")
print(f"KUBECONFIG={path}", flush=True)
uvicorn.run(ApiServer(), host="127.0.0.1", port=port, log_level="info")
