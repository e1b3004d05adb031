# Cotejo's worker, feeder and tools. Used by docker-compose.yml.
FROM python:3.11.13-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/cotejo
ENV PATH=/opt/cotejo/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock ./
RUN pip install --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md ./
COPY streams ./streams
COPY dashboards ./dashboards
COPY docs/examples ./docs/examples
RUN pip install --no-deps --no-build-isolation .

FROM python:3.11.13-slim-bookworm
# docker build --build-arg REVISION=$(git rev-parse HEAD) says which source it is of.
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Cotejo" \
      org.opencontainers.image.description="A live monitor for election nights" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# The volumes take their owner from these directories; nothing else is ever written.
RUN install -d -o 65532 -g 65532 /election
COPY --from=build /opt/cotejo /opt/cotejo
ENV PATH=/opt/cotejo/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /election
CMD ["cotejo", "--help"]
