import yaml

from localmesh import manifests
from localmesh.workloads import images
from localmesh.workloads.tuning import REQUESTS_PER_SECOND
from tests import needs


def key(document):
    return document["kind"], document["metadata"]["name"]


def of(documents, kind):
    return {each["metadata"]["name"]: each for each in documents if each["kind"] == kind}


def published(name):
    return [each for each in yaml.safe_load_all(needs.shared("bookinfo", name).read_text()) if each]


def test_every_image_is_one_that_localmesh_knows():
    for deployment in of(manifests.documents(), "Deployment").values():
        for container in deployment["spec"]["template"]["spec"]["containers"]:
            assert images.find(container["image"]), container["image"]


def test_bookinfo_has_the_names_labels_images_and_ports_of_the_published_one():
    ours = {
        key(each): each for each in manifests.documents() if each["metadata"].get("namespace") == "bookinfo"
    }
    for theirs in published("bookinfo.yaml"):
        mine = ours[key(theirs)]
        assert mine["metadata"].get("labels") == theirs["metadata"].get("labels")
        if theirs["kind"] == "Service":
            assert mine["spec"] == theirs["spec"]
        if theirs["kind"] == "Deployment":
            assert mine["spec"]["selector"] == theirs["spec"]["selector"]
            template, published_one = mine["spec"]["template"], theirs["spec"]["template"]
            assert template["metadata"]["labels"] == published_one["metadata"]["labels"]
            pods = template["spec"], published_one["spec"]
            assert pods[0]["serviceAccountName"] == pods[1]["serviceAccountName"]
            for one, other in zip(pods[0]["containers"], pods[1]["containers"], strict=True):
                assert (one["name"], one["image"], one["ports"]) == (
                    other["name"],
                    other["image"],
                    other["ports"],
                )


def test_the_way_in_is_the_published_one():
    ours = {key(each): each for each in manifests.documents()}
    for theirs in published("bookinfo-gateway.yaml"):
        assert ours[key(theirs)]["spec"] == theirs["spec"]


def test_the_rate_of_the_traffic_is_set_where_one_is_given():
    traffic = of(manifests.documents(requests_per_second=2.5), "Deployment")["traffic"]
    assert traffic["metadata"]["annotations"][REQUESTS_PER_SECOND] == "2.5"
