"""What the benchmarks measure is what happened."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import boto3

from benchmarks.counting_aws import RequestLog
from benchmarks.measuring import Meter, by_service, count_requests, cpu_of, own_cpu, peak, reset_peak
from tests.behaviours.builders import moto_aws

SPIN = "import time, sys\nwhile time.process_time() < 0.3: pass\nprint('spun', flush=True)\nsys.stdin.read()"


def test_cpu_seconds_are_also_those_of_children_alive_or_ended():
    before = own_cpu()
    with subprocess.Popen([sys.executable, "-c", SPIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"spun\n"
        alive = own_cpu() - before
        assert cpu_of(child.pid) >= 0.3
        child.stdin.close()
        child.wait()
    assert 0.3 <= alive <= own_cpu() - before < 2


def test_a_process_that_has_ended_has_no_clock():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert cpu_of(child.pid) == 0.0


def test_the_peak_is_what_was_needed_meanwhile():
    before = reset_peak()
    needed = bytearray(64 * 1024 * 1024)
    needed[::4096] = b"x" * len(needed[::4096])
    del needed
    assert peak() - before > 60 * 1024 * 1024
    reset_peak()
    assert peak() - before < 30 * 1024 * 1024


def test_requests_are_counted_by_operation(monkeypatch):
    session = boto3.Session("testing", "testing", region_name="eu-west-1")
    counted = count_requests(session)
    with moto_aws(monkeypatch):
        client = session.client("s3")
        client.put_object(Bucket="odpf-raw", Key="a", Body=b"")
        client.list_objects_v2(Bucket="odpf-raw")
    assert counted == {"s3 PutObject": 1, "s3 ListObjectsV2": 1}
    assert by_service(counted) == {"s3": 2}


def test_a_meter_counts_only_what_the_work_did(tmp_path):
    log = tmp_path / "requests.log"
    log.write_text("s3 GET raw/\n")
    requests = Counter({"s3 GetObject": 1})

    def work():
        requests["s3 PutObject"] += 2
        with log.open("a") as file:
            file.write("s3 PUT raw/\ndynamodb GetItem\n")

    found = Meter(0, log, requests).measure(work)
    assert found.requests == {"s3 PutObject": 2}
    assert found.answered == {"s3 PUT raw/": 1, "dynamodb GetItem": 1}


def test_the_embedded_aws_notes_service_and_operation(tmp_path):
    def environ(service, method, path, **more):
        scope = f"AWS4-HMAC-SHA256 Credential=key/20260131/eu-west-1/{service}/aws4_request, SignedHeaders=host"
        return {"REQUEST_METHOD": method, "RAW_URI": path, "HTTP_AUTHORIZATION": scope, **more}

    log = RequestLog(tmp_path / "log")
    log.observe(environ("s3", "GET", "/raw?list-type=2&prefix=a/"), b"", "200 OK")
    log.observe(environ("s3", "PUT", "/raw/a/b"), b"", "200 OK")
    log.observe(environ("dynamodb", "POST", "/", HTTP_X_AMZ_TARGET="DynamoDB_20120810.GetItem"), b"{}", "200 OK")
    log.observe({"REQUEST_METHOD": "GET", "RAW_URI": "/moto-api/"}, b"", "200 OK")
    assert (tmp_path / "log").read_text().splitlines() == ["s3 GET raw", "s3 PUT raw/", "dynamodb GetItem"]
    log.close()
