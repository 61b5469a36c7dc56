"""deploy/kubernetes: valid by the schemas, fit for Pod Security "restricted", and the same processes as in Compose."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from kit.compose import ROOT, load, seconds

from alerts.config.load import load_entries

BASE = ROOT / "deploy" / "kubernetes" / "base"
EXAMPLE = ROOT / "deploy" / "kubernetes" / "example"
VERSIONS = ("1.30", kubernetes_validate.latest_version())
SERVICES = load()["services"]
PROCESSES = ("beat", "poll", "match", "send", "web")


def documents(*folders: Path) -> list[dict[str, Any]]:
    """The objects of a folder, without what only kustomize reads."""
    files = [file for folder in folders for file in sorted(folder.glob("*.yaml"))]
    found = [each for file in files for each in yaml.safe_load_all(file.read_text(encoding="utf-8"))]
    return [each for each in found if each["kind"] != "Kustomization"]


OBJECTS = documents(BASE, EXAMPLE)
DEPLOYMENTS = {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == "Deployment"}
PODS = {name: each["spec"]["template"]["spec"] for name, each in DEPLOYMENTS.items()}


def named(kind: str) -> set[str]:
    return {each["metadata"]["name"] for each in OBJECTS if each["kind"] == kind}


def kustomization(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    return content


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("each", OBJECTS, ids=[f"{each['kind']}-{each['metadata']['name']}" for each in OBJECTS])
def test_every_object_is_valid(each: dict[str, Any], version: str) -> None:
    kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.slow
def test_what_is_not_valid_is_noticed() -> None:
    wrong = yaml.safe_load(yaml.safe_dump(DEPLOYMENTS["alerts-beat"]))
    wrong["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFileSystem"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_fit_for_pod_security_restricted(name: str) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted"""
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "worker" / "Dockerfile").read_text(), re.MULTILINE)
    assert user
    context = pod["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == (int(user[1]), int(user[2]))
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    for volume in pod["volumes"]:
        (kind,) = volume.keys() - {"name"}
        assert kind in {"configMap", "secret", "emptyDir"}
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        context = container["securityContext"]
        assert context["allowPrivilegeEscalation"] is False
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"] is True
        assert "hostPort" not in str(container.get("ports", ""))
        assert container["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] in named("ServiceAccount")


def test_the_namespace_enforces_what_the_pods_are_fit_for() -> None:
    (namespace,) = [each for each in OBJECTS if each["kind"] == "Namespace"]
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert kustomization(EXAMPLE)["namespace"] == namespace["metadata"]["name"]


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_is_that_of_compose(name: str) -> None:
    pod = PODS[f"alerts-{name}"]
    (container,) = pod["containers"]
    service = SERVICES[name]
    assert container["command"] == service["command"]
    assert pod["terminationGracePeriodSeconds"] >= 30
    if name in {"poll", "match", "send"}:
        assert pod["terminationGracePeriodSeconds"] == seconds(service["stop_grace_period"])
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["exec"]["command"] == service["healthcheck"]["test"][1:]
    for init in pod.get("initContainers", ()):
        assert init["command"] == SERVICES["migrate"]["command"]
    assert {each["mountPath"] for each in container["volumeMounts"]} == {
        *("/config", "/run/secrets/alerts", "/run/secrets/channels", "/tmp")
    }
    files = {each["name"]: each["value"] for each in container["env"]}
    assert files.keys() == {key for key, value in service["environment"].items() if key.endswith("_FILE") and value}
    given = {item["key"] for volume in pod["volumes"] for item in volume.get("secret", {}).get("items", ())}
    assert {f"/run/secrets/alerts/{key}" for key in given} == set(files.values())


def test_there_are_no_other_deployments_and_beat_is_never_two() -> None:
    assert DEPLOYMENTS.keys() == {f"alerts-{name}" for name in PROCESSES}
    beat = DEPLOYMENTS["alerts-beat"]["spec"]
    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize("name", PODS)
def test_what_a_pod_names_is_there(name: str) -> None:
    pod = PODS[name]
    example = kustomization(EXAMPLE)
    maps = {each["name"] for each in example["configMapGenerator"]}
    secrets = {each["name"]: each["files"] for each in example["secretGenerator"]}
    volumes = {each["name"]: each for each in pod["volumes"]}
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        assert {each["name"] for each in container["volumeMounts"]} <= volumes.keys()
        assert container["image"] in {each["name"] for each in example["images"]}
        for each in container.get("envFrom", ()):
            assert each["configMapRef"]["name"] in maps
    assert volumes["config"]["configMap"]["name"] in maps
    keys = {Path(file).name for file in secrets[volumes["secrets"]["secret"]["secretName"]]}
    assert {item["key"] for item in volumes["secrets"]["secret"]["items"]} <= keys
    assert volumes["channels"]["secret"]["secretName"] in secrets


def test_selectors_find_their_pods() -> None:
    for name, each in DEPLOYMENTS.items():
        labels = each["spec"]["template"]["metadata"]["labels"]
        assert each["spec"]["selector"]["matchLabels"] == labels
        assert labels["app.kubernetes.io/component"] == name.removeprefix("alerts-")
    (service,) = [each for each in OBJECTS if each["kind"] == "Service"]
    web = DEPLOYMENTS["alerts-web"]["spec"]["template"]
    assert service["spec"]["selector"] == web["metadata"]["labels"]
    (port,) = web["spec"]["containers"][0]["ports"]
    assert service["spec"]["ports"][0]["targetPort"] == port["name"]


def test_network_policies_deny_by_default_and_keep_private_networks_out_of_reach() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in OBJECTS if each["kind"] == "NetworkPolicy"}
    deny = policies["alerts-default-deny"]
    assert set(deny["policyTypes"]) == {"Ingress", "Egress"}
    assert not {"ingress", "egress"} & deny.keys()
    internet = policies["alerts-internet"]
    (expression,) = internet["podSelector"]["matchExpressions"]
    assert set(expression["values"]) == {name for name in PROCESSES if "outside" in SERVICES[name]["networks"]} - {
        "web"
    }
    blocked = {network for to in internet["egress"][0]["to"] for network in to["ipBlock"]["except"]}
    assert {"10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10"} <= blocked


def test_kustomize_reads_every_file_and_each_exists() -> None:
    base, example = kustomization(BASE), kustomization(EXAMPLE)
    assert set(base["resources"]) == {file.name for file in BASE.glob("*.yaml")} - {"kustomization.yaml"}
    assert set(example["resources"]) == {"../base", "namespace.yaml"}
    files = [file for each in example["configMapGenerator"] for file in each.get("files", ())]
    assert files == [f"config/{file.name}" for file in sorted((EXAMPLE / "config").iterdir())]


def test_the_configuration_of_the_example_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (EXAMPLE / "config" / "alerts.yaml").read_text(encoding="utf-8")
    (tmp_path / "policy-desk").write_text("json://hooks.example.org/x\n")
    (tmp_path / "alerts.yaml").write_text(text.replace("/run/secrets/channels", str(tmp_path)), encoding="utf-8")
    assert load_entries(tmp_path).settings.institutions.keys() == {"cloudflare"}
