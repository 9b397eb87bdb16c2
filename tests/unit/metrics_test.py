"""What lbd tells Prometheus, read by Prometheus's own parser."""
import pathlib
import sys

from prometheus_client.parser import text_string_to_metric_families

families = {f.name: f for f in text_string_to_metric_families(pathlib.Path(sys.argv[1]).read_text())}
samples = {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families.values() for s in f.samples}


def value(name, **labels):
    return samples[(name, tuple(sorted(labels.items())))]


assert all(f.type in ("gauge", "counter") and f.documentation.endswith(".") for f in families.values()), families
assert all(f.samples for f in families.values())
assert families["lbd_service_bytes"].type == "counter"
assert value("lbd_info", dataplane="ipvs") == 1
assert value("lbd_uptime_seconds") == 2.5
assert value("lbd_service_bytes_total", service="web", direction="in") == 7000
assert value("lbd_real_server_active_connections", service="web", real_server="172.16.1.3:80") == 2
assert value("lbd_endpoint_up", service="web", endpoint="172.16.1.4:80") == 0
assert value("lbd_service_drained", service='a "b"\\\n') == 1
assert value("lbd_endpoint_up", service='a "b"\\\n', endpoint="[fd00::3]:53") == 1
assert value("lbd_bgp_session_up", peer="10.0.0.108") == 0
