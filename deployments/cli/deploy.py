"""`deploy`: prepare a server that `up` does not run."""

import json
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deployments.cli.options import JsonOption
from deployments.cli.output import print_json, say

if TYPE_CHECKING:
    from blocks.settings import Settings
    from deployments.docker.templates import Containers
    from deployments.kubernetes.pods import Pods


def deploy(
    image: Annotated[
        str | None,
        typer.Option(
            help="Run each job in a container of this image; without it, in a process of its worker."
        ),
    ] = None,
    network: Annotated[str, typer.Option(help="Network of the containers.")] = "host",
    memory: Annotated[str | None, typer.Option(help="Memory of a container, such as 8g.")] = None,
    models: Annotated[
        str, typer.Option(help="Volume or folder with the models, on the workers' machines.")
    ] = "contraponto-models",
    data: Annotated[str, typer.Option(help="Volume or folder for data, on them.")] = "contraponto-data",
    settings_file: Annotated[
        PurePosixPath | None,
        typer.Option(parser=PurePosixPath, help="contraponto.toml on them: gives jobs their secrets."),
    ] = None,
    gpus: Annotated[int, typer.Option(help="GPUs of a container of gpu-docker; -1: all; 0: none.")] = -1,
    env: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Variable of every container; no secrets.")
    ] = None,
    kubernetes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Run each job as a Job of a cluster, in pods as this file has them."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Prepare the server that PREFECT_API_URL names: pools, queues, automations, blocks, deployments.

    With --image all deployments but that of webhooks move to the pools cpu-docker and gpu-docker, whose workers are
    started with `prefect worker start --type docker`; with --kubernetes to cpu-kubernetes and gpu-kubernetes; without
    either, back to cpu and gpu. May be repeated at any time.
    """
    from blocks.alerts import targets
    from blocks.settings import get_settings
    from deployments.client.connection import connected, find_api
    from deployments.launcher import RUN_COMMAND
    from deployments.processes.environment import PROJECT, Surroundings
    from deployments.processes.private import OWNER_ONLY, make_private_home
    from deployments.server import bootstrap
    from deployments.server.alerts import ensure_alerts
    from deployments.server.flow_catalogue import listed_flows
    from deployments.server.pools import pools
    from deployments.server.saved_blocks import ensure_blocks

    settings, api = get_settings(), find_api()
    targets(settings)  # One that cannot be used is said before anything is made.
    pods = None if kubernetes is None else _pods(kubernetes, settings, image=image)
    surroundings = Surroundings(home=settings.home.resolve(), log_format=settings.log_format)
    containers = image and _containers(
        image=image,
        network=network,
        memory=memory,
        models=models,
        data=data,
        settings_file=settings_file,
        gpus=gpus,
        environment=job_environment(settings.log_format, env or []),
    )
    make_private_home(surroundings.home)
    surroundings.temporary.mkdir(mode=OWNER_ONLY, exist_ok=True)
    environment = surroundings.environment(**api.environment())
    with connected() as client:
        say(f"preparing {api.shown}")
        ensure_blocks(api.url, settings)
        if containers:
            from deployments.docker.pools import deploy_to_docker, ensure_docker_pools

            in_processes = [pool for pool in pools(settings.queue_max_workers) if pool.in_one_process]
            bootstrap.ensure_pools(client, in_processes, command=RUN_COMMAND)
            ensure_docker_pools(client, containers, gpu_jobs=settings.queue_max_workers)
            deploy_to_docker(client, project=PROJECT, environment=environment)
        elif pods:
            from deployments.kubernetes.pools import deploy_to_kubernetes, ensure_kubernetes_pools

            of_processes = [
                pool
                for pool in pools(settings.queue_max_workers)
                if pool.in_one_process or pool.name in pods.warm
            ]
            bootstrap.ensure_pools(client, of_processes, command=RUN_COMMAND)
            ensure_kubernetes_pools(client, pods, gpu_jobs=settings.queue_max_workers)
            deploy_to_kubernetes(client, pods, project=PROJECT, environment=environment)
        else:
            bootstrap.ensure_pools(client, pools(settings.queue_max_workers), command=RUN_COMMAND)
            bootstrap.deploy(client, project=PROJECT, environment=environment)
        ensure_alerts(client, settings)
    if as_json:
        names = [listed.full_name for listed in listed_flows(PROJECT).values()]
        print_json(
            json.dumps({"api_url": api.shown, "image": pods.image if pods else image, "deployments": names})
        )
    say("Prepared.")


def _pods(file: Path, settings: "Settings", *, image: str | None) -> "Pods":
    from deployments.kubernetes.pods import read_pods
    from tasks.errors import InvalidInputError

    if image is not None:
        raise InvalidInputError(
            "--image and --kubernetes exclude each other.", hint=f"The image of pods stands in {file}."
        )
    if settings.store.partition("-")[0] == "local":
        raise InvalidInputError(
            "The pods of a cluster share no disk: what one job stores, nobody else would find.",
            hint="Set CONTRAPONTO_STORE=s3://BUCKET/PREFIX, here and in the cluster's settings.",
        )
    return read_pods(file)


def _containers(**options: Any) -> "Containers":
    from pydantic import ValidationError

    from tasks.errors import InvalidInputError, MissingEngineError

    try:
        from deployments.docker.templates import Containers
    except ModuleNotFoundError as error:
        raise MissingEngineError(
            f"Docker pools need the package {error.name}.", hint="Install it: pip install -e '.[docker]'"
        ) from error
    try:
        return Containers(**options)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        raise InvalidInputError(
            f"The option --{str(problem['loc'][0]).replace('_', '-')} cannot be used.",
            hint=f"{problem['msg']}; `contraponto deploy --help` has examples.",
        ) from error


def job_environment(log_format: str, given: list[str]) -> dict[str, str]:
    """Variables of every container of a job: what is `given` as NAME=VALUE, and logs in the form they have here."""
    return ({"CONTRAPONTO_LOG_FORMAT": "json"} if log_format == "json" else {}) | _pairs(given)


def _pairs(given: list[str]) -> dict[str, str]:
    from tasks.errors import InvalidInputError

    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise InvalidInputError(f'"{text}" is no variable.', hint="Write --env NAME=VALUE.")
        pairs[name] = value
    return pairs
