# weft in a container; docs/docker.md is its page.
#
#   docker build -t weft .                                     everything from source
#   docker build --build-arg BINARY=prebuilt -t weft .         takes docker-build/weft-linux-{x86_64,aarch64}: no base image
#   docker build --target slim -t weft:slim .                  on Debian, as the user weft
#   docker buildx build --platform linux/amd64,linux/arm64 .   both are compiled on the machine that builds, nothing is emulated

# compiled or prebuilt
ARG BINARY=compiled

# What npm gives: its own layers, until package-lock.json changes.
FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS packages
WORKDIR /weft
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.weft-installed

# What cargo gives: the same, until Cargo.lock changes.
FROM --platform=$BUILDPLATFORM rust:1.95-bookworm AS crates
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
ARG BUILDARCH
ARG TARGETARCH
ARG FEATURES=""
ARG NO_DEFAULT_FEATURES=""
WORKDIR /weft/host
COPY scripts/ci/rust-target.sh /usr/local/bin/rust-target
RUN rust-target prepare "$BUILDARCH" "$TARGETARCH"
COPY host/.cargo .cargo
COPY host/Cargo.toml host/Cargo.lock ./
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    rust-target dependencies "$BUILDARCH" "$TARGETARCH" ${NO_DEFAULT_FEATURES:+--no-default-features} --features "$FEATURES"

FROM crates AS compiled
COPY --from=packages /usr/local/bin /usr/local/bin
COPY --from=packages /usr/local/lib/node_modules /usr/local/lib/node_modules
COPY --from=packages /weft/node_modules /weft/node_modules
WORKDIR /weft
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    rust-target build "$BUILDARCH" "$TARGETARCH" ${NO_DEFAULT_FEATURES:+--no-default-features} --features "$FEATURES" && \
    install -m 755 dist/weft /weft-binary

FROM scratch AS prebuilt-amd64
COPY --chmod=755 docker-build/weft-linux-x86_64 /weft-binary

FROM scratch AS prebuilt-arm64
COPY --chmod=755 docker-build/weft-linux-aarch64 /weft-binary

FROM prebuilt-${TARGETARCH} AS prebuilt

FROM ${BINARY} AS binary

# Docker gives a new volume the owner and the mode of the folder it covers. These are open to everybody, so the gateway
# runs under every uid, also as root without capabilities; what it writes there is for its owner only.
FROM scratch AS folders
WORKDIR /root/.clawft/workspace

FROM debian:bookworm-slim AS slim
ARG VERSION=dev
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="weft" \
      org.opencontainers.image.description="A small, self-hosted AI agent gateway, on Debian" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
# hadolint ignore=DL3008
RUN apt-get update && \
    apt-get install -y --no-install-recommends ca-certificates && \
    rm -rf /var/lib/apt/lists/* /var/log/* /var/cache/debconf/* && \
    useradd --uid 1000 --user-group --home-dir /root --no-create-home --shell /usr/sbin/nologin weft && \
    chmod 755 /root
COPY --from=folders --chmod=777 /root /root
COPY --from=binary /weft-binary /usr/local/bin/weft
ENV HOME=/root \
    CLAWFT__gateway__host=0.0.0.0
USER weft
VOLUME ["/root/.clawft/workspace"]
EXPOSE 18790
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 CMD ["/usr/local/bin/weft", "status"]
ENTRYPOINT ["/usr/local/bin/weft"]
CMD ["gateway"]

# The image: the binary, its folders, and nothing else.
FROM scratch
ARG VERSION=dev
ARG REVISION=""
ARG SOURCE=""
LABEL org.opencontainers.image.title="weft" \
      org.opencontainers.image.description="A small, self-hosted AI agent gateway" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=folders --chmod=777 /root /root
COPY --from=binary /weft-binary /usr/local/bin/weft
ENV HOME=/root \
    CLAWFT__gateway__host=0.0.0.0
VOLUME ["/root/.clawft/workspace"]
EXPOSE 18790
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 CMD ["/usr/local/bin/weft", "status"]
ENTRYPOINT ["/usr/local/bin/weft"]
CMD ["gateway"]
