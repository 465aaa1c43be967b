"""Calls `wufu serve prover` through gRPC reflection, with only what the server describes."""

import json
import subprocess
import sys

import grpc
from google.protobuf import descriptor_pool, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)


def main(wufu):
    server = subprocess.Popen(
        [wufu, "--json", "serve", "prover", "--listen", "127.0.0.1:0", "--circuit", "donation"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in server.stdout:
            step = json.loads(line)
            if step["step"] == "listening":
                break
        else:
            sys.exit("the server ended before it listened")
        talk(step["url"].removeprefix("http://"))
    finally:
        server.terminate()
        code = server.wait(timeout=60)
    if code != 0:
        sys.exit(f"the server ended with {code} after SIGTERM, expected 0")


def talk(address):
    with grpc.insecure_channel(address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = sorted(database.get_services())
        print("services:", ", ".join(services))
        assert "wufu.v1.ProverService" in services, services
        assert "grpc.health.v1.Health" in services, services
        assert "wufu.v1.LedgerService" not in services, services
        pool = descriptor_pool.DescriptorPool(database)

        def call(to, method, **fields):
            found = pool.FindServiceByName(to).FindMethodByName(method)
            request = message_factory.GetMessageClass(found.input_type)(**fields)
            rpc = channel.unary_unary(
                f"/{to}/{method}",
                request_serializer=type(request).SerializeToString,
                response_deserializer=message_factory.GetMessageClass(found.output_type).FromString,
            )
            return rpc(request, timeout=30)

        health = call("grpc.health.v1.Health", "Check", service="wufu.v1.ProverService")
        assert health.status == 1, health
        info = call("wufu.v1.ProverService", "GetInfo")
        print(info)
        assert [circuit.circuit for circuit in info.circuits] == ["donation"], info
        assert len(info.circuits[0].key_id) == 32 and info.learned == 1, info
        try:
            call("wufu.v1.ProverService", "Prove", key_id=b"too short")
        except grpc.RpcError as error:
            print("a short key id:", error.code().name, "-", error.details())
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
            assert "9 bytes" in error.details() and "32" in error.details(), error.details()
        else:
            sys.exit("a request with a short key id was answered")


main(*sys.argv[1:])
