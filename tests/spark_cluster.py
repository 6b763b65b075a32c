"""A real standalone Spark cluster on this machine: one master, two workers, from the pip package."""

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

PATIENCE_S = 90
# A cluster's operator says how it is used: for small tables neither two hundred parts of them nor compiling each query
# is of use to anybody.
SMALL = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.adaptive.enabled": "false",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    "spark.ui.enabled": "false",
}


def why_not() -> str:
    """Why no cluster can be had here; empty where one can."""
    if importlib.util.find_spec("pyspark") is None:
        return "the extra “spark” is not installed"
    if not shutil.which("java"):
        return "there is no java on the path"
    return ""


class Cluster:
    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, _free_port()
        self.url = f"spark://127.0.0.1:{self.port}"
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        (self.folder / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in SMALL.items()))
        master = ["--host", "127.0.0.1", "--port", str(self.port), "--webui-port", str(_free_port())]
        self._start("org.apache.spark.deploy.master.Master", *master)
        _wait_for(self.port)
        for number in (1, 2):
            port = _free_port()
            worker = ["--host", "127.0.0.1", "--port", str(port), "--webui-port", str(_free_port())]
            size = ["--cores", "1", "--memory", "1g", "--work-dir", str(self.folder / f"worker-{number}")]
            self._start("org.apache.spark.deploy.worker.Worker", *worker, *size, self.url)
            _wait_for(port)

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)

    def _start(self, name: str, *arguments: str) -> None:
        import pyspark

        home = Path(pyspark.__file__).parent
        command = [str(home / "bin" / "spark-class"), name, *arguments]
        environment = {**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1"}
        with (self.folder / f"{name.rpartition('.')[2]}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=log, stderr=log)
        self.processes.append(process)


def _wait_for(port: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port} after {PATIENCE_S} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
