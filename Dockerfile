# The workers' image: `docker build -t contraponto .`
# For a GPU: `docker build --build-arg BASE=nvidia/cuda:… .` with a base that holds Python 3.11 or newer as python3.
ARG BASE=python:3.11-slim

FROM ${BASE} AS build
WORKDIR /build
COPY requirements.txt ./
RUN python3 -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes -r requirements.txt

FROM ${BASE}
LABEL org.opencontainers.image.title="contraponto" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 contraponto \
    && useradd --uid 10001 --gid contraponto --create-home contraponto \
    && install -d -o contraponto -g contraponto /app /data /models
COPY --from=build /venv /venv
# Without a working directory Prefect would copy the root of the file system into each run's workspace.
WORKDIR /app
COPY pyproject.toml README.md prefect.yaml ./
COPY flows flows
COPY tasks tasks
COPY blocks blocks
COPY deployments deployments
RUN /venv/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-deps -e .
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    CONTRAPONTO_HOME=/data \
    CONTRAPONTO_MODELS_DIR=/models \
    PREFECT_HOME=/data/prefect \
    PREFECT_WORKER_QUERY_SECONDS=1 \
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY=30 \
    DO_NOT_TRACK=1
USER contraponto
# Models are large and outlive the image: `docker run -v models:/models contraponto contraponto models get` once.
VOLUME ["/data", "/models"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
# PREFECT_API_URL says where the server is. Each job is a process in this container.
CMD ["prefect", "worker", "start", "--pool", "gpu", "--type", "process", "--limit", "3", "--with-healthcheck"]
