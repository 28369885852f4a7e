# One static binary and nothing else. Build: docker build --tag goldenpath:dev .
FROM docker.io/library/rust:1-slim-bookworm AS build
WORKDIR /src
COPY . .
# With a target named, the flag holds for the binary and not for build scripts and macros.
RUN target="$(rustc --print host-tuple)" \
 && RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --release --locked --no-default-features --features cluster --target "$target" \
 && cp "target/$target/release/goldenpath" /goldenpath

FROM scratch
COPY --from=build /goldenpath /goldenpath
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/goldenpath"]
CMD ["run"]
