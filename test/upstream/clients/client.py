"""client.py KUBECONFIG: what the Python client does with the cluster; prints [{"name", "reason"}], the reason null for what holds."""
import json
import sys
import tempfile
import time

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.stream import stream

NAMESPACE = "python"
config.load_kube_config(sys.argv[1])
core = client.CoreV1Api()
outcomes = []


def case(check):
    """Runs a case at once; its docstring is its name."""
    try:
        check()
        reason = None
    except Exception as error:  # the report wants every failure
        reason = f"{type(error).__name__}: {error}"
    outcomes.append({"name": check.__doc__, "reason": reason})


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"got {got!r}, wanted {wanted!r}")


def meta(name):
    return {"name": name, "labels": {"app": name}}


POD = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": "busybox", "command": ["sleep", "1000"]}]}
TEMPLATE = {"selector": {"matchLabels": {"app": "it"}}, "template": {"metadata": {"labels": {"app": "it"}}, "spec": POD}}
KINDS = [
    (core, "config_map", {"data": {"a": "b"}}),
    (core, "secret", {"stringData": {"a": "b"}}),
    (core, "service", {"spec": {"selector": {"app": "it"}, "ports": [{"port": 80}]}}),
    (core, "service_account", {}),
    (core, "persistent_volume_claim", {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}),
    (core, "resource_quota", {"spec": {"hard": {"pods": "50"}}}),
    (core, "limit_range", {"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}}]}}),
    (client.AppsV1Api(), "deployment", {"spec": {"replicas": 0, **TEMPLATE}}),
    (client.AppsV1Api(), "stateful_set", {"spec": {"replicas": 0, "serviceName": "it", **TEMPLATE}}),
    (client.AppsV1Api(), "daemon_set", {"spec": TEMPLATE}),
    (client.BatchV1Api(), "job", {"spec": {"suspend": True, "template": {"spec": {"restartPolicy": "Never", **POD}}}}),
    (client.NetworkingV1Api(), "ingress", {"spec": {"defaultBackend": {"service": {"name": "it", "port": {"number": 80}}}}}),
    (client.NetworkingV1Api(), "network_policy", {"spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]}}),
    (client.RbacAuthorizationV1Api(), "role", {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]}),
    (client.PolicyV1Api(), "pod_disruption_budget", {"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "it"}}}}),
]


def replace(call):
    """Reads and replaces until no controller writes in between."""
    deadline = time.monotonic() + 20
    while True:
        current = call("read", "it", NAMESPACE)
        current.metadata.labels = {"d": "e"}
        try:
            return call("replace", "it", NAMESPACE, current)
        except ApiException as error:
            if error.status != 409 or time.monotonic() > deadline:
                raise


def life_of(api, kind, parts):
    def check():
        def call(verb, *args):
            return getattr(api, f"{verb}_namespaced_{kind}")(*args)

        call("create", NAMESPACE, {"metadata": meta("it"), **parts})
        expect(call("read", "it", NAMESPACE).metadata.labels, {"app": "it"})
        expect(call("patch", "it", NAMESPACE, {"metadata": {"labels": {"b": "c"}}}).metadata.labels, {"app": "it", "b": "c"})
        found = getattr(api, f"list_namespaced_{kind}")(NAMESPACE, label_selector="b=c", limit=1)
        expect([item.metadata.name for item in found.items], ["it"])
        replaced = replace(call)
        expect(replaced.metadata.labels, {"d": "e"})
        replaced.metadata.resource_version = "1"
        try:
            call("replace", "it", NAMESPACE, replaced)
            raise AssertionError("a stale object was taken")
        except ApiException as error:
            expect((error.status, json.loads(error.body)["reason"]), (409, "Conflict"))
        call("delete", "it", NAMESPACE)

    check.__doc__ = f"{kind.replace('_', ' ')}: created, read, patched, listed, replaced, not replaced when stale, deleted"
    return check


def watched():
    """a watch tells of what was made, changed and deleted, and begins where a list ended"""
    version = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version
    core.create_namespaced_config_map(NAMESPACE, {"metadata": meta("watched")})
    core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"a": "b"}})
    core.delete_namespaced_config_map("watched", NAMESPACE)
    seen = []
    for event in watch.Watch().stream(core.list_namespaced_config_map, NAMESPACE, resource_version=version, timeout_seconds=20):
        if event["object"].metadata.name == "watched":
            seen.append(event["type"])
        if event["type"] == "DELETED":
            break
    expect(seen, ["ADDED", "MODIFIED", "DELETED"])


def dynamically():
    """the dynamic client finds kinds by discovery, makes, patches, reads and deletes"""
    maps = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "found"}, "data": {"a": "b"}}
    expect(maps.create(body=body, namespace=NAMESPACE).data.a, "b")
    body["data"] = {"a": "c"}
    expect(maps.patch(body=body, namespace=NAMESPACE, content_type="application/merge-patch+json").data.a, "c")
    expect(maps.get(name="found", namespace=NAMESPACE).metadata.name, "found")
    maps.delete(name="found", namespace=NAMESPACE)


def from_yaml():
    """create_from_yaml makes all of a file, and says of what exists that it does"""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        for name in ("one", "two"):
            print(f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}", file=file)
        file.flush()
        utils.create_from_yaml(client.ApiClient(), file.name, namespace=NAMESPACE)
        try:
            utils.create_from_yaml(client.ApiClient(), file.name, namespace=NAMESPACE)
            raise AssertionError("both were made again")
        except utils.FailToCreateError as error:
            expect([json.loads(one.body)["reason"] for one in error.api_exceptions], ["AlreadyExists"] * 2)


def executed():
    """a pod becomes ready; exec answers streams, input and the exit code; its log is read"""
    script = "echo begun; exec sleep 1000"
    spec = {**POD, "containers": [{**POD["containers"][0], "command": ["sh", "-c", script]}]}
    core.create_namespaced_pod(NAMESPACE, {"metadata": meta("box"), "spec": spec})
    for event in watch.Watch().stream(core.list_namespaced_pod, NAMESPACE, field_selector="metadata.name=box", timeout_seconds=60):
        if any(one.type == "Ready" and one.status == "True" for one in event["object"].status.conditions or []):
            break
    connect = core.connect_get_namespaced_pod_exec
    expect(stream(connect, "box", NAMESPACE, command=["echo", "hello"], stdout=True, stderr=True, stdin=False, tty=False), "hello\n")
    shell = stream(connect, "box", NAMESPACE, command=["sh"], stdout=True, stderr=True, stdin=True, tty=False, _preload_content=False)
    shell.write_stdin("echo through; exit 3\n")
    shell.run_forever(timeout=20)
    expect((shell.read_stdout(), shell.returncode), ("through\n", 3))
    expect(core.read_namespaced_pod_log("box", NAMESPACE), "begun\n")
    core.delete_namespaced_pod("box", NAMESPACE)


def refused():
    """bad objects are refused with the field named"""
    try:
        core.create_namespaced_service(NAMESPACE, {"metadata": meta("bad"), "spec": {"ports": [{"port": 70000}]}})
        raise AssertionError("it was taken")
    except ApiException as error:
        expect((error.status, json.loads(error.body)["details"]["causes"][0]["field"]), (422, "spec.ports[0].port"))


core.create_namespace({"metadata": {"name": NAMESPACE}})
for api, kind, parts in KINDS:
    case(life_of(api, kind, parts))
for check in (watched, dynamically, from_yaml, executed, refused):
    case(check)
core.delete_namespace(NAMESPACE)
print(json.dumps(outcomes))
