# One image for server, workers and jobs: `docker build -t contraponto .`
# For a GPU: `docker build -t contraponto:cuda --build-arg BASE=nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04 .`
# Without a network: the wheels of deployments/docker/requirements.txt in the folder wheels/, a BASE that has python3
# and its venv, and `docker build --network none --build-arg PIP_NO_INDEX=1 .`
ARG BASE=python:3.11-slim

FROM ${BASE} AS python
# CUDA images come without Python.
RUN python3 -c 'import venv, ensurepip' 2>/dev/null \
    || { apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
         && rm -rf /var/lib/apt/lists/*; }

FROM python AS packages
ARG PIP_NO_INDEX=
ENV PIP_FIND_LINKS=/build/wheels \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1
# The pattern lets the folder be absent.
COPY deployments/docker/requirements.txt wheels* /build/wheels/
COPY deployments/docker/slim.py /build/
RUN python3 -m venv /venv \
    && /venv/bin/python -m pip install --no-deps --require-hashes -r /build/wheels/requirements.txt \
    && /venv/bin/python /build/slim.py

FROM python
LABEL org.opencontainers.image.title="contraponto" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 contraponto \
    && useradd --uid 10001 --gid contraponto --create-home contraponto \
    && install -d -o contraponto -g contraponto /data /models
COPY --from=packages /venv /venv
# Without a working directory Prefect would copy the root of the file system into each run's workspace.
WORKDIR /app
# With the list of `make sbom`, where it was made.
COPY pyproject.toml prefect.yaml sbom.cdx.json* ./
COPY flows flows
COPY tasks tasks
COPY blocks blocks
COPY deployments deployments
# The project is imported from where it lies; bytecode is written now because its user may not write here later.
RUN printf '#!/bin/sh\nexec python -m deployments.cli.app "$@"\n' > /venv/bin/contraponto \
    && chmod 755 /venv/bin/contraponto \
    && /venv/bin/python -m compileall -q flows tasks blocks deployments
ENV PATH=/venv/bin:$PATH \
    PYTHONPATH=/app \
    PYTHONUNBUFFERED=1 \
    CONTRAPONTO_HOME=/data \
    CONTRAPONTO_MODELS_DIR=/models \
    PREFECT_HOME=/data/prefect \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,video \
    DO_NOT_TRACK=1
USER 10001:10001
# Models are large and outlive the image: `docker run --rm -v contraponto-models:/models contraponto contraponto models get` once.
VOLUME ["/data", "/models"]
# That the server has heard of this worker. PREFECT_API_URL says where the server is.
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s CMD ["python", "-m", "deployments.docker.alive"]
# The name keeps workers apart that share a volume for their data; the health check looks for it.
ENV POOL=cpu
# Makes JSON of what services print, where CONTRAPONTO_LOG_FORMAT=json.
ENTRYPOINT ["python", "-ES", "/app/deployments/docker/entry.py"]
CMD ["sh", "-c", "exec contraponto worker --pool \"$POOL\" --name \"$HOSTNAME\""]
