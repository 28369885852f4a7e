# What people type. What it runs is one line each, or a script in .ci/.

.DEFAULT_GOAL := help

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: ## Start a throwaway Kubernetes API with the examples, and look around
	cargo build
	cargo run --quiet -- demo

test: ## Run every check and every test; with KUBERNETES=1.30, the API-server suites on that release
	@.ci/test.sh $(if $(KUBERNETES),kubernetes-$(KUBERNETES))

crds: ## Write crds/ and the chart's copy from the types
	UPDATE_CRDS=1 cargo test --quiet --test crds

chart-readme: ## Write the table of values in the chart's README
	UPDATE_CHART_README=1 cargo test --quiet --test chart readme

bench: ## Measure what the operator costs, on a real API server
	cargo build --quiet --release --bin goldenpath
	cargo run --quiet --release --example bench

chart: ## Lint and try the Helm chart
	@.ci/test.sh chart
	cargo test --quiet --test chart

pictures: ## Draw the dashboards in docs/img from a real Prometheus
	UPDATE_PICTURES=1 cargo test --quiet --test prometheus a_real_prometheus

image: ## Build the container image as target/image.tar, without Docker (docker load reads it)
	cargo run --quiet --package goldenpath-e2e --example image -- localhost/goldenpath:dev target/image.tar

sbom: ## List what the image is made of, as CycloneDX in target/goldenpath.cdx.json
	@.ci/sbom.sh

clean: ## Remove what was built
	cargo clean

.PHONY: help demo test crds chart-readme bench chart pictures image sbom clean
