# One static binary, the certificate authorities, and nothing else. Without Docker: make image
#   docker build --tag goldenpath:dev --build-arg REVISION="$(git rev-parse HEAD)" .
FROM docker.io/library/rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
# With a target named, the flags hold for the binary and not for build scripts and macros.
RUN target="$(rustc --print host-tuple)" \
 && RUSTFLAGS="-Ctarget-feature=+crt-static --remap-path-prefix=/src=/src --remap-path-prefix=$CARGO_HOME=/cargo" \
    cargo build --release --locked --package goldenpath --no-default-features --features cluster --target "$target" \
 && cp "target/$target/release/goldenpath" /goldenpath

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=
LABEL org.opencontainers.image.title="goldenpath" \
      org.opencontainers.image.description="Makes golden-path adoption visible" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="https://github.com/goldenpath-dev/goldenpath" \
      org.opencontainers.image.revision="$REVISION"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /goldenpath /goldenpath
# Numeric: kubelet cannot tell whether a name is root.
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/goldenpath"]
CMD ["run"]
