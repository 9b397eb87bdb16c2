"""The shipped JSON Schema, judged by a validator that knows nothing of the parser: it takes every shipped topology, and
refuses planted mistakes where they stand."""

import copy
import pathlib
import sys
import unittest
import json

import jsonschema
import yaml

TOPOLOGIES = pathlib.Path(sys.argv.pop(1))
SCHEMA = json.loads((TOPOLOGIES / "schema.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)

# (path of the value, what to put there; REMOVE takes it away)
REMOVE = object()
MISTAKES = [
    ((), "hello"),
    (("name",), REMOVE),
    (("name",), "my_lab"),
    (("name",), 7),
    (("name",), "x" * 33),
    (("nodes",), REMOVE),
    (("colour",), "red"),
    (("networks", "node-net", "subnet"), REMOVE),
    (("networks", "node-net", "subnet"), "10.0.0.0.0/8"),
    (("networks", "a-very-long-name"), {"subnet": "10.9.0.0/16"}),
    (("nodes", "web_1"), {}),
    (("nodes", "node1", "role"), "master"),
    (("nodes", "node1", "interfaces"), ["10.0.0.105"]),
    (("nodes", "node1", "interfaces", "node-net"), "10.0.0.256"),
    (("nodes", "router", "bgp", "as"), 0),
    (("nodes", "router", "bgp", "as"), "65021"),
    (("nodes", "router", "bgp", "agent"), "zebra"),
    (("nodes", "router", "bgp", "hold-time"), 9),
    (("nodes", "node1", "routes"), [{"to": "10.9.0.0/16"}]),
    (("nodes", "node1", "routes"), [{"to": "10.9.0.0/16", "via": []}]),
    (("nodes", "node1", "sysctls"), {"kernel.panic": 1}),
    (("nodes", "node1", "processes"), [{"name": "x"}]),
    (("nodes", "node1", "processes"), [{"run": []}]),
    (("nodes", "node1", "processes"), [{"run": "x", "restart": "always"}]),
    (("nodes", "node1", "processes"), [{"run": "x", "name": ".."}]),
    (("links",), [["node1:eth7"]]),
    (("links",), [["node1:sixteen-letters-", "node2:eth7"]]),
    (("links",), [{"ends": ["node1:eth7", "node2:eth7"], "addresses": ["10.0.0.1", "10.0.0.2"]}]),
    (("overlay", "backend"), "geneve"),
    (("overlay", "masquerade"), "yes"),
    (("services", "web", "addresses"), REMOVE),
    (("services", "web", "port"), 0),
    (("services", "web", "port"), 65536),
    (("services", "web", "pods", "replicas"), -1),
    (("services", "web", "pods", "replicas"), 1.5),
    (("services", "web", "load-balancers", "replcas"), 3),
    (("services", "web", "load-balancers", "scheduler"), "round-robin"),
    (("services", "web", "load-balancers", "health", "interval"), "1 second"),
    (("services", "web", "load-balancers", "health", "http"), "healthz"),
    (("nodes", "node1", "interfaces", "node-net"), {"impair": {"loss": "1%"}}),
    (("nodes", "node1", "interfaces", "node-net"), {"address": "10.0.0.105", "impair": {}}),
    (("links",), [{"ends": ["node1:x", "node2:x"], "impair": {"jitter": "5ms"}}]),
    (("links",), [{"ends": ["node1:x", "node2:x"], "impair": {"loss": "1"}}]),
    (("links",), [{"ends": ["node1:x", "node2:x"], "impair": {"rate": "1mb"}}]),
]

# Steps with one mistake each.
STEPS = [
    {},
    {"at": "3s"},
    {"wait": 3},
    {"wait": "1s..3"},
    {"wait": "1s", "crash": "node1"},
    {"explode": "node1"},
    {"kill": {"process": "lbd"}},
    {"kill": {"in": "web-1", "signal": "STOP"}},
    {"link": {"of": "node1"}},
    {"impair": {"of": "node1"}},
    {"impair": {"of": "node1", "reorder": "1%"}},
    {"scale": {"service": "web"}},
    {"scale": {"service": "web", "pods": "1.."}},
    {"repeat": {"steps": [{"wait": "1s"}]}},
    {"repeat": {"times": 2, "steps": []}},
    {"repeat": {"times": 2, "steps": [{"wait": "1s"}, {"wait": 1}]}},
    {"one-of": [{"wait": "1s"}]},
    {"one-of": [{"wait": "1s"}, {"one-of": [{"wait": "1s"}, {"explode": "node1"}]}]},
    {"expect": {}},
    {"expect": {"outage": {"max": "1s"}, "requests": {}}},
    {"expect": {"outage": {"max": "1s"}, "within": "1s"}},
    {"expect": {"outage": {}}},
    {"expect": {"route": "10.1.1.0/24", "in": "router", "via": []}},
    {"expect": {"route": "10.1.1.0/24", "in": "router", "within": "1s"}},
    {"expect": {"sessions": [], "within": "1s"}},
    {"expect": {"sessions": [], "in": "rr", "via": [], "within": "1s"}},
    {"expect": {"sessions": [], "in": "rr", "never": False}},
    {"expect": {"event": {"event": "up"}, "throughout": True}},
    {"expect": {"order": [{"event": "up"}]}},
    {"expect": {"requests": {"answered": 99}}},
    {"expect": {"fairness": {"over": "nodes"}}},
    {"expect": {"source": {"of": "tcp", "is": "web"}}},
]

GOOD = [
    (("nodes", "node1", "routes"), [{"to": "10.9.0.0/16", "via": "10.0.0.1"}, {"to": "fd00::/8", "via": ["fd00::1"]}]),
    (("nodes", "node1", "sysctls"), {"net.ipv4.ip_forward": 1}),
    (("nodes", "node1", "processes"), [{"run": "x"}, {"run": ["nc", 80], "name": "y", "environment": {"PORT": 80}}]),
    (("links",), [["node1:eth7", "node2:eth7"], {"ends": ["node1:x", "node2:x"], "addresses": ["10.0.0.1/30", "10.0.0.2/30"]}]),
    (("overlay",), None),
    (("nodes", "node1", "interfaces", "node-net"), {"address": "10.0.0.105"}),
    (("scenarios",), None),
]


def changed(path, value):
    topology = copy.deepcopy(yaml.safe_load((TOPOLOGIES / "ecmp.yaml").read_text()))
    if not path:
        return value
    parent = topology
    for step in path[:-1]:
        parent = parent[step]
    if value is REMOVE:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return topology


def standing_at(error):
    """Where the error is, and where its parts are: a value that may be one of several kinds fails as all of them."""
    yield tuple(error.absolute_path)
    for part in error.context:
        yield from standing_at(part)


class Schema(unittest.TestCase):
    def test_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_takes_every_shipped_topology(self):
        topologies = sorted(TOPOLOGIES.glob("*.yaml"))
        self.assertGreaterEqual(len(topologies), 4)
        for path in topologies:
            with self.subTest(topology=path.name):
                VALIDATOR.validate(yaml.safe_load(path.read_text()))

    def test_takes_what_ecmp_does_not_have(self):
        for path, value in GOOD:
            with self.subTest(path=path, value=value):
                VALIDATOR.validate(changed(path, value))

    def test_takes_everything_that_a_scenario_can_say(self):
        VALIDATOR.validate(yaml.safe_load((TOPOLOGIES / "../tests/fuzz/corpus/scenarios.yaml").read_text()))

    def test_refuses_each_mistaken_step_where_it_stands(self):
        for step in STEPS:
            with self.subTest(step=step):
                errors = list(VALIDATOR.iter_errors(changed(("scenarios",), {"s": {"steps": [{"wait": "1s"}, step]}})))
                self.assertNotEqual(errors, [])
                for error in errors:
                    self.assertEqual(list(error.absolute_path)[:4], ["scenarios", "s", "steps", 1], errors)

    def test_refuses_each_planted_mistake_where_it_stands(self):
        for path, value in MISTAKES:
            with self.subTest(path=path, value=value):
                errors = list(VALIDATOR.iter_errors(changed(path, value)))
                self.assertEqual(len(errors), 1, errors)
                # A key that lacks or is too much is reported at what holds it.
                places = list(standing_at(errors[0]))
                self.assertTrue(any(place[: len(path) - 1] == path[:-1] for place in places), places)


if __name__ == "__main__":
    unittest.main()
