# weft in a container; docs/docker.md is its page.
#
#   docker build -t weft .                                     everything from source
#   docker build --build-arg BINARY=prebuilt -t weft .         takes docker-build/weft-linux-{x86_64,aarch64}: no base image
#   docker build --target slim -t weft:slim .                  on Debian, as the user weft
#   docker buildx build --platform linux/amd64,linux/arm64 .   both are compiled on the machine that builds, nothing is emulated

# compiled or prebuilt
ARG BINARY=compiled

FROM --platform=$BUILDPLATFORM node:24-bookworm-slim AS node

# What npm gives: its own layers, until package-lock.json changes.
FROM node AS packages
WORKDIR /weft
COPY package.json package-lock.json .npmrc ./
RUN --mount=type=cache,target=/root/.npm \
    npm ci --no-audit --no-fund --loglevel=error

# What cargo gives, for all variants: the same, until Cargo.lock changes. First for what packs, on the machine that builds ...
FROM --platform=$BUILDPLATFORM rust:1.95-bookworm AS own-crates
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# The same names on a machine of their own kind and for the other one.
ENV CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=x86_64-linux-gnu-gcc \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
    CC_x86_64_unknown_linux_gnu=x86_64-linux-gnu-gcc \
    CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /weft
COPY host/Cargo.toml host/Cargo.lock host/no-unwind.ld host/
COPY scripts/cargo.mjs scripts/
COPY scripts/ci/crates.mjs scripts/ci/
RUN --mount=type=cache,target=/usr/local/cargo/registry node scripts/ci/crates.mjs pack

# ... and then for the one it builds for.
FROM own-crates AS crates
ARG BUILDARCH
ARG TARGETARCH
# hadolint ignore=DL3008
RUN case "$TARGETARCH" in \
      amd64) triple=x86_64-unknown-linux-gnu gcc=gcc-x86-64-linux-gnu ;; \
      arm64) triple=aarch64-unknown-linux-gnu gcc=gcc-aarch64-linux-gnu ;; \
      *) echo "weft is built for amd64 and arm64, not for $TARGETARCH" >&2; exit 1 ;; \
    esac; \
    echo "$triple" >/triple; \
    if [ "$TARGETARCH" != "$BUILDARCH" ]; then \
      apt-get update; \
      apt-get install -y --no-install-recommends "$gcc" "libc6-dev-$TARGETARCH-cross"; \
      rm -rf /var/lib/apt/lists/*; \
      [ -d "$(rustc --print target-libdir --target "$triple")" ] || rustup target add "$triple"; \
    fi
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    node scripts/ci/crates.mjs host "--target=$(cat /triple)"

FROM crates AS compiled
COPY --from=packages /weft/node_modules node_modules
COPY package.json package-lock.json tsconfig.json ./
COPY scripts/*.mjs scripts/
COPY host host
COPY src src
ARG FEATURES=""
ARG NO_DEFAULT_FEATURES=""
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    node scripts/build-native.mjs "--target=$(cat /triple)" --features "$FEATURES" \
      ${NO_DEFAULT_FEATURES:+--no-default-features} --out=/weft-binary

FROM scratch AS prebuilt-amd64
COPY --chmod=755 docker-build/weft-linux-x86_64 /weft-binary

FROM scratch AS prebuilt-arm64
COPY --chmod=755 docker-build/weft-linux-aarch64 /weft-binary

# hadolint ignore=DL3006
FROM prebuilt-${TARGETARCH} AS prebuilt

# hadolint ignore=DL3006
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
# weft, as a number: so that orchestrators can see that it is not root.
USER 1000:1000
VOLUME ["/root/.clawft/workspace"]
EXPOSE 18790
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 CMD ["/usr/local/bin/weft", "status"]
ENTRYPOINT ["/usr/local/bin/weft"]
CMD ["gateway"]

# The image: the binary, its folders, and nothing else.
FROM scratch AS default
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
